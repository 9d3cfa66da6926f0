import '../i18n/addAgain'
import { UndoOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import type { InterruptView } from '../generated/protocol'
import { useDesk, useSecondsUntil, useSocketStatus } from '../shared/desk'
import { isPageKey } from '../shared/keys'
import { RefusalNotice } from './RefusalNotice'
import { isUndoable, type TakenBack } from './takenBack'
import { useUndo } from './useUndo'

interface Props {
  interrupt: InterruptView
  /** Until when it may be taken back. */
  until: string
  back: TakenBack | undefined
  /** On the approval page, where Z is the strip's and the text is followed to where it waits again. */
  onPage: boolean
}

/** Under a script that was rejected: whoever did it takes it back for some seconds, and everybody sees who has. */
export default function Rejected({ interrupt, until, back, onPage }: Props) {
  const { t } = useTranslation()
  const { me, may, socket } = useDesk()
  const navigate = useNavigate()
  const online = useSocketStatus().state === 'open'
  const left = useSecondsUntil(until)
  const { undo, sent, refusal, dismiss } = useUndo(interrupt.id)
  const undoable =
    !back && may('interrupt.decide') && left > 0 && isUndoable(interrupt, me.user.id, socket.clock.now())

  const key = useRef<(event: KeyboardEvent) => void>(() => {})
  key.current = (event) => {
    if (event.key.toLowerCase() !== 'z' || event.shiftKey || event.repeat || !isPageKey(event)) return
    if (!undoable || sent || !online) return
    event.preventDefault()
    void undo()
  }
  useEffect(() => {
    if (onPage) return
    const listen = (event: KeyboardEvent) => key.current(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [onPage])
  const next = onPage && sent ? back?.id : undefined
  useEffect(() => {
    if (next) navigate(`/approvals/${next}`)
  }, [next, navigate])

  return (
    <>
      {refusal && <RefusalNotice refusal={refusal} onClose={dismiss} />}
      {back && (
        <p className="row" role="status" data-testid="rejection-taken-back">
          {t('takenBack.by', { name: back.name })}
          {back.id && (
            <Link className="text-link" to={`/approvals/${back.id}`}>
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
            onClick={() => void undo()}
            data-testid="undo-reject"
          >
            {t('takenBack.undo')}
            {!onPage && <kbd>Z</kbd>}
          </Button>
          <span className="muted number">{t('takenBack.left', { count: left })}</span>
        </footer>
      )}
    </>
  )
}
