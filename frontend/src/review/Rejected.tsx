import '../i18n/addAgain'
import { UndoOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import type { InterruptView } from '../generated/protocol'
import { useDesk, useSecondsUntil } from '../shared/desk'
import { RefusalNotice } from './RefusalNotice'
import { isUndoable, type TakenBack } from './takenBack'
import { useUndoKey } from './undoKey'
import { useUndo } from './useUndo'

interface Props {
  interrupt: InterruptView
  /** Until when it may be taken back. */
  until: string
  back: TakenBack | undefined
  /** On the approval page, where the text is followed to where it waits again. */
  onPage: boolean
}

/** Under a script that was rejected: whoever did it takes it back for some seconds, and everybody sees who has. */
export default function Rejected({ interrupt, until, back, onPage }: Props) {
  const { t } = useTranslation()
  const { me, may, socket } = useDesk()
  const navigate = useNavigate()
  const left = useSecondsUntil(until)
  const { undo, online, sent, done, refusal, dismiss } = useUndo(interrupt.id)
  // The question by which it waits may be withdrawn before anybody is told of it.
  const told = back ?? (done ? { name: me.user.name, id: undefined } : undefined)
  const undoable =
    !told && may('interrupt.decide') && left > 0 && isUndoable(interrupt, me.user.id, socket.clock.now())
  const byKey = useUndoKey(undoable ? interrupt.resolved_at : undefined, undo)
  const next = onPage && done ? back?.id : undefined
  useEffect(() => {
    if (next) navigate(`/approvals/${next}`)
  }, [next, navigate])

  return (
    <>
      {refusal && !back && <RefusalNotice refusal={refusal} onClose={dismiss} />}
      {told && (
        <p className="row" role="status" data-testid="rejection-taken-back">
          {t('takenBack.by', { name: told.name })}
          {told.id && (
            <Link className="text-link" to={`/approvals/${told.id}`}>
              {t('again.toNew')}
            </Link>
          )}
        </p>
      )}
      {undoable && (
        <footer className="card-actions">
          <Button
            icon={<UndoOutlined />}
            disabled={!online}
            loading={sent}
            onClick={undo}
            data-testid="undo-reject"
          >
            {t('takenBack.undo')}
            {byKey && <kbd>Z</kbd>}
          </Button>
          <span className="muted number">
            {online ? t('takenBack.left', { count: left }) : t('review.offline')}
          </span>
        </footer>
      )}
    </>
  )
}
