import '../i18n/addWork'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import type { InterruptView } from '../generated/protocol'
import { useDesk, useSecondsUntil } from '../shared/desk'
import { clockTime } from '../shared/format'
import { scriptParams } from './params'
import { RefusalNotice } from './RefusalNotice'
import { StatusTag } from './StatusTag'
import { useUndo } from './useUndo'

/** An approved script that is held until `until` and can be called back. */
export function HoldCard({ interrupt, until }: { interrupt: InterruptView; until: string }) {
  const { t } = useTranslation()
  const { may } = useDesk()
  const left = useSecondsUntil(until)
  const { undo, sent, done, refusal, dismiss } = useUndo(interrupt.id, { onItsWay: true })
  const script = scriptParams(interrupt.params)
  const pending = interrupt.status === 'pending'
  const by = interrupt.params.approved_by

  return (
    <article
      className={`card approval approval-${interrupt.status}`}
      aria-label={t('node.hold')}
      data-testid="hold-card"
      data-status={interrupt.status}
    >
      <header className="card-head">
        <h2>{script.title || t('node.hold')}</h2>
        {pending ? (
          <span className="state state-pending number">{t('review.onAirIn', { time: clockTime(left) })}</span>
        ) : (
          <StatusTag status={interrupt.status} />
        )}
      </header>
      {pending && (
        <p className="muted">
          {t('review.held', { name: typeof by === 'string' ? by : t('review.system') })}
        </p>
      )}
      {refusal && <RefusalNotice refusal={refusal} onClose={dismiss} />}
      {pending && may('interrupt.decide') && (
        <footer className="card-actions">
          <Button danger disabled={left <= 0} loading={sent || done} onClick={undo} data-testid="undo">
            {t('review.undo')}
          </Button>
        </footer>
      )}
    </article>
  )
}
