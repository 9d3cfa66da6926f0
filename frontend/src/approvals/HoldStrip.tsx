import '../i18n/addAgain'
import { Button } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { scriptParams } from '../review/params'
import { isUndoable } from '../review/takenBack'
import { useCommandKeys } from '../shared/commands'
import { useDesk, useSecondsUntil } from '../shared/desk'
import { clockTime } from '../shared/format'
import { isPageKey } from '../shared/keys'
import { useProblemText } from '../shared/problems'
import { backOf, heldItems, lastDecided, lastOwn, ownRejected } from './bulk'
import type { Queue, QueueItem } from './queue'

/**
 * What can be called back for some seconds: approved scripts on their way to the screen, and what I rejected. Z takes back
 * what I decided last.
 */
export function HoldStrip({ queue }: { queue: Queue }) {
  const { me, socket } = useDesk()
  const navigate = useNavigate()
  const problemText = useProblemText()
  const keyFor = useCommandKeys()
  const [problem, setProblem] = useState<unknown>(null)
  const [wanted, setWanted] = useState<string>()
  const held = heldItems(queue.values())
  const rejected = ownRejected(queue, me.user.id)
  const undo = async (id: string) => {
    setProblem(null)
    try {
      await socket.send({ type: 'undo', id: keyFor(id), interrupt_id: id })
      setWanted(id)
    } catch (error) {
      setProblem(error)
    }
  }
  // After a rejection the text waits again as another question: whoever took it back goes on there.
  const back = wanted && backOf(queue, wanted)?.id
  useEffect(() => {
    if (!back) return
    setWanted(undefined)
    navigate(`/approvals/${back}`)
  }, [back, navigate])
  return (
    <>
      {problem !== null && (
        <p className="fact-bad" role="alert">
          {problemText(problem)}
        </p>
      )}
      {held.length + rejected.length > 0 && (
        <Strip held={held} rejected={rejected} me={me.user.id} onUndo={(id) => void undo(id)} />
      )}
    </>
  )
}

interface StripProps {
  held: readonly QueueItem[]
  /** The latest last; the time for some may be over. */
  rejected: readonly QueueItem[]
  me: string
  onUndo: (id: string) => void
}

function Strip({ held, rejected, me, onUndo }: StripProps) {
  const { t } = useTranslation()
  const { socket } = useDesk()
  // Each second, for as long as there is something to take back.
  useSecondsUntil(rejected.at(-1)?.interrupt.undo_until ?? '')
  const now = socket.clock.now()
  const open = rejected.filter(({ interrupt }) => isUndoable(interrupt, me, now))
  const last = lastDecided(lastOwn(held, me), open.at(-1))?.interrupt.id
  const key = useRef<(event: KeyboardEvent) => void>(() => {})
  key.current = (event) => {
    // Held down it must not call back one after the other.
    if (event.key.toLowerCase() !== 'z' || event.shiftKey || !last || event.repeat || !isPageKey(event))
      return
    event.preventDefault()
    onUndo(last)
  }
  useEffect(() => {
    const listen = (event: KeyboardEvent) => key.current(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
  if (held.length + open.length === 0) return null
  const rows = [...held.map((item) => ({ item, Row: Held })), ...open.map((item) => ({ item, Row: Refused }))]
  return (
    <section className="hold-strip" aria-label={t('takenBack.strip')}>
      {rows.map(({ item, Row }) => (
        <Row
          key={item.interrupt.id}
          item={item}
          last={item.interrupt.id === last}
          onUndo={() => onUndo(item.interrupt.id)}
        />
      ))}
    </section>
  )
}

interface RowProps {
  item: QueueItem
  /** Z is about this one. */
  last: boolean
  onUndo: () => void
}

function Held({ item, last, onUndo }: RowProps) {
  const { t } = useTranslation()
  const { interrupt } = item
  const left = useSecondsUntil(interrupt.on_air_at ?? interrupt.expires_at)
  return (
    <p className="row" data-testid="held-item">
      <strong>{scriptParams(interrupt.params).title || t('review.title')}</strong>
      <span className="state state-pending number">
        {t('review.onAirIn', { time: clockTime(Math.max(0, left)) })}
      </span>
      <Button size="small" danger disabled={left <= 0} onClick={onUndo} data-testid="undo-held">
        {t('review.undo')}
        {last && <kbd>Z</kbd>}
      </Button>
    </p>
  )
}

function Refused({ item, last, onUndo }: RowProps) {
  const { t } = useTranslation()
  const { interrupt } = item
  const left = useSecondsUntil(interrupt.undo_until ?? '')
  return (
    <p className="row" data-testid="rejected-item">
      <strong>{scriptParams(interrupt.params).title || t('review.title')}</strong>
      <span className="state state-reject number">
        {t('takenBack.rejected', { count: Math.max(0, left) })}
      </span>
      <Button size="small" disabled={left <= 0} onClick={onUndo} data-testid="undo-rejected">
        {t('review.undo')}
        {last && <kbd>Z</kbd>}
      </Button>
    </p>
  )
}
