import type { InterruptView } from '../generated/protocol'
import { scriptParams } from '../review/params'
import { calledFrom, type TakenBack, takenBack } from '../review/takenBack'
import type { Queue, QueueItem } from './queue'

/**
 * Whether a script may be approved together with others, unread one by one: it waits, approving is allowed, no check
 * objected to anything, it was not held back or rejected before, and nobody else is at it.
 */
export function isClean({ interrupt }: QueueItem, me: string): boolean {
  const { findings, checks, held, back } = scriptParams(interrupt.params)
  return (
    interrupt.kind === 'script_approval' &&
    interrupt.status === 'pending' &&
    interrupt.on_air_at === null &&
    interrupt.allowed.includes('approve') &&
    (interrupt.claimed_by === null || interrupt.claimed_by.id === me) &&
    findings.length === 0 &&
    checks.every(({ passed }) => passed) &&
    held === undefined &&
    back === undefined
  )
}

/** Approved scripts that are held before they go on air, the one that goes first first. */
export function heldItems(items: Iterable<QueueItem>): QueueItem[] {
  return [...items]
    .filter(({ interrupt }) => interrupt.status === 'pending' && interrupt.on_air_at !== null)
    .sort((a, b) => Date.parse(a.interrupt.on_air_at ?? '') - Date.parse(b.interrupt.on_air_at ?? ''))
}

/** The question that waits since an approval was called back or a rejection was taken back. */
export function againOf(queue: Queue, { id, params }: InterruptView): string | undefined {
  const called = [...queue.values()].find(({ interrupt }) => {
    const of = calledFrom(interrupt.params)?.of
    return of !== undefined && of === params.of
  })
  return called?.interrupt.id ?? backOf(queue, id)?.id
}

/** Of the held scripts (the one that goes first first) the last that `me` approved: a colleague's is not mine to regret. */
export function lastOwn(held: readonly QueueItem[], me: string): QueueItem | undefined {
  return held.findLast(({ interrupt }) => interrupt.params.approver_id === me)
}

/** Whether, by whom and into what a rejection was taken back, as far as the queue knows. */
export function backOf(queue: Queue, id: string): TakenBack | undefined {
  return takenBack(
    [...queue.values()].map(({ interrupt }) => interrupt),
    id,
  )
}

/** What `me` rejected and nobody has taken back, the latest last; whether there is time for it the clock says. */
export function ownRejected(queue: Queue, me: string): QueueItem[] {
  return [...queue.values()]
    .filter(
      ({ interrupt: { id, status, by, undo_until } }) =>
        status === 'reject' && by?.id === me && undo_until && !backOf(queue, id),
    )
    .sort((a, b) => Date.parse(a.interrupt.undo_until ?? '') - Date.parse(b.interrupt.undo_until ?? ''))
}

/** Of an approved script that is held, since it was approved, and a rejected one: what was decided last. */
export function lastDecided(
  held: QueueItem | undefined,
  rejected: QueueItem | undefined,
): QueueItem | undefined {
  if (!held || !rejected) return held ?? rejected
  return Date.parse(held.interrupt.at ?? '') > Date.parse(rejected.interrupt.resolved_at ?? '')
    ? held
    : rejected
}
