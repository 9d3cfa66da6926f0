import '../i18n/addAgain'
import { Button } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { InterruptView } from '../generated/protocol'
import { scriptParams } from '../review/params'
import { isUndoable } from '../review/takenBack'
import { useUndoKey } from '../review/undoKey'
import { useCommandKeys } from '../shared/commands'
import { useDesk, useSecondsUntil, useSocketStatus } from '../shared/desk'
import { clockTime } from '../shared/format'
import { useProblemText } from '../shared/problems'
import { told } from '../shared/rest'
import { againOf, backOf, heldItems, lastDecided, lastOwn, ownRejected } from './bulk'
import type { Queue, QueueItem } from './queue'

/** How long it is said why something could not be called back. */
const PROBLEM_MS = 10_000

/** Whether a held script was not called back because it is on screen: nobody else has seen to it. */
function isOnAir(error: unknown): boolean {
  const { code, details } = told(error)
  return code === 'already_resolved' && ['approved', 'on_air'].includes(String(details.decision))
}

const titleOf = ({ interrupt }: QueueItem) => scriptParams(interrupt.params).title

/**
 * What can be called back for some seconds: approved scripts on their way to the screen, and what I rejected. Z takes back
 * what I decided last.
 */
export function HoldStrip({ queue }: { queue: Queue }) {
  const { me, socket } = useDesk()
  const { t } = useTranslation()
  const navigate = useNavigate()
  const problemText = useProblemText()
  const keyFor = useCommandKeys()
  const [problem, setProblem] = useState<{ of: QueueItem; error: unknown }>()
  const [wanted, setWanted] = useState<{ of: InterruptView; from: string }>()
  // Taken back, whether or not it is seen waiting again: it may be withdrawn before.
  const [done, setDone] = useState<ReadonlySet<string>>(new Set())
  const held = heldItems(queue.values())
  const rejected = ownRejected(queue, me.user.id).filter(({ interrupt }) => !done.has(interrupt.id))
  const undo = async (item: QueueItem) => {
    const { id } = item.interrupt
    const from = location.pathname
    setProblem(undefined)
    try {
      // A rejection now or not at all: what comes about later would surprise whoever has gone on. What is on its way to a
      // screen as soon as there is a line again: it may still not be there.
      const rejection = item.interrupt.status === 'reject'
      await socket.send({ type: 'undo', id: keyFor(id), interrupt_id: id }, { once: rejection })
      if (rejection) setDone((ids) => new Set(ids).add(id))
      setWanted({ of: item.interrupt, from })
    } catch (error) {
      setProblem({ of: item, error })
    }
  }
  useEffect(() => {
    if (!problem) return
    const timer = setTimeout(() => setProblem(undefined), PROBLEM_MS)
    return () => clearTimeout(timer)
  }, [problem])
  // What is taken back waits again as another question: whoever took it back goes on there, unless they are at
  // something else by then.
  const back = wanted && againOf(queue, wanted.of)
  const from = wanted?.from
  useEffect(() => {
    if (!back) return
    setWanted(undefined)
    // On another page than the queue's one stays at what one is at.
    if (
      from?.startsWith('/approvals') &&
      location.pathname === from &&
      !document.activeElement?.matches('textarea')
    )
      navigate(`/approvals/${back}`)
  }, [back, from, navigate])
  return (
    <>
      {problem && !backOf(queue, problem.of.interrupt.id) && (
        <p className="fact-bad" role="alert" data-testid="undo-refused">
          <strong>{titleOf(problem.of) || t('review.title')}</strong>{' '}
          {isOnAir(problem.error) ? t('takenBack.tooLate') : problemText(problem.error)}
        </p>
      )}
      {held.length + rejected.length > 0 && (
        <Strip held={held} rejected={rejected} me={me.user.id} onUndo={(item) => void undo(item)} />
      )}
    </>
  )
}

interface StripProps {
  held: readonly QueueItem[]
  /** The latest last; the time for some may be over. */
  rejected: readonly QueueItem[]
  me: string
  onUndo: (item: QueueItem) => void
}

function Strip({ held, rejected, me, onUndo }: StripProps) {
  const { t } = useTranslation()
  const { socket } = useDesk()
  // Each second, for as long as there is something to take back.
  useSecondsUntil(rejected.at(-1)?.interrupt.undo_until ?? '')
  const now = socket.clock.now()
  const open = rejected.filter(({ interrupt }) => isUndoable(interrupt, me, now))
  const last = lastDecided(lastOwn(held, me), open.at(-1))
  const online = useSocketStatus().state === 'open'
  const decided = last?.interrupt.on_air_at ? last.interrupt.at : last?.interrupt.resolved_at
  // Before the card beside it, which shows the same one.
  const byKey = useUndoKey(decided, () => last && (online || last.interrupt.on_air_at) && onUndo(last), 1)
  if (held.length + open.length === 0) return null
  const rows = [...held.map((item) => ({ item, Row: Held })), ...open.map((item) => ({ item, Row: Refused }))]
  return (
    <section className="hold-strip" aria-label={t('takenBack.strip')}>
      {rows.map(({ item, Row }) => (
        <Row
          key={item.interrupt.id}
          item={item}
          last={byKey && item === last}
          online={online}
          onUndo={() => onUndo(item)}
        />
      ))}
      {!online && open.length > 0 && <p className="muted">{t('review.offline')}</p>}
    </section>
  )
}

interface RowProps {
  item: QueueItem
  /** Z is about this one. */
  last: boolean
  online: boolean
  onUndo: () => void
}

function Held({ item, last, onUndo }: RowProps) {
  const { t } = useTranslation()
  const { interrupt } = item
  const left = useSecondsUntil(interrupt.on_air_at ?? interrupt.expires_at)
  return (
    <p className="row" data-testid="held-item">
      <strong>{titleOf(item) || t('review.title')}</strong>
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

function Refused({ item, last, online, onUndo }: RowProps) {
  const { t } = useTranslation()
  const { interrupt } = item
  const left = useSecondsUntil(interrupt.undo_until ?? '')
  return (
    <p className="row" data-testid="rejected-item">
      <strong>{titleOf(item) || t('review.title')}</strong>
      <span className="state state-reject number">
        {t('takenBack.rejected', { count: Math.max(0, left) })}
      </span>
      <Button size="small" disabled={left <= 0 || !online} onClick={onUndo} data-testid="undo-rejected">
        {t('review.undo')}
        {last && <kbd>Z</kbd>}
      </Button>
    </p>
  )
}
