import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { afterwards } from './afterwards'
import { byUrgency, type Queue, type QueueItem } from './queue'

interface Props {
  item: QueueItem
  queue: Queue
  /** To what waits next; absent when nothing else does. */
  onNext: (() => void) | undefined
}

/** Under a script that waits no more: what became of it since, and where to go on from here. */
export function Afterwards({ item, queue, onNext }: Props) {
  const { t } = useTranslation()
  const { called, withdrawn, refused, again } = afterwards(item, queue)
  const name = called || t('review.system')
  return (
    <footer className="afterwards" data-testid="afterwards">
      {called !== undefined && <p role="status">{t('approvalAfter.called', { name })}</p>}
      {refused && <Alert type="warning" showIcon title={t('approvalAfter.refused')} data-testid="refused" />}
      {withdrawn && <p role="status">{t('approvalAfter.withdrawn')}</p>}
      <p className="row">
        {again && (
          <Link className="text-link" to={`/approvals/${again}`} data-testid="asked-again">
            {t(called !== undefined || refused ? 'approvalAfter.waitsAgain' : 'approvalAfter.anotherWaits')}
          </Link>
        )}
        {withdrawn && (
          <Link className="text-link" to={`/console/${item.threadId}`}>
            {t('approvalAfter.toThread')}
          </Link>
        )}
        {onNext ? (
          <Button onClick={onNext} data-testid="next-item">
            {t('approvalAfter.next')}
            <kbd>J</kbd>
          </Button>
        ) : (
          !again && byUrgency(queue).length === 0 && <span className="muted">{t('approvalAfter.none')}</span>
        )}
      </p>
    </footer>
  )
}
