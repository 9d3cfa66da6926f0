import type { AnyFrame, InterruptView } from '../generated/protocol'
import { answered, raised } from '../session/reducer'
import type { Shapes } from '../shared/rest'

type Interrupt = Shapes['Interrupt']

export interface QueueItem {
  readonly threadId: string
  readonly interrupt: InterruptView
}

/** The queue by interrupt id. */
export type Queue = ReadonlyMap<string, QueueItem>

/** What REST calls a decision, in the words of the events. */
export const statusOf: Record<Interrupt['status'], InterruptView['status']> = {
  pending: 'pending',
  approved: 'approve',
  edited: 'edit',
  rejected: 'reject',
  responded: 'respond',
  expired: 'expired',
  cancelled: 'cancelled',
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** An interrupt as REST tells it, in the shape in which the events tell it. */
export function fromRest(row: Interrupt): QueueItem {
  const { id, run_id, kind, action, params, allowed, expires_at, version, on_air_at } = row
  return {
    threadId: row.thread_id,
    interrupt: {
      seq: 0,
      run_id,
      at: row.created_at,
      id,
      kind,
      action,
      params,
      allowed,
      expires_at,
      version,
      status: statusOf[row.status],
      policy: row.decision?.policy === 'auto_approve' ? 'auto_approve' : null,
      by: row.decided_by,
      content: textOf(row.decision?.content),
      feedback: textOf(row.decision?.feedback),
      reason: textOf(row.decision?.reason) as InterruptView['reason'],
      resolved_at: row.decided_at,
      undo_until: row.undo_until,
      claimed_by: row.claimed_by,
      claimed_until: row.claimed_until,
      escalated_at: row.escalated_at,
      on_air_at,
    },
  }
}

/**
 * The queue after an event of the topic `approvals`. What is decided stays so, except what was withdrawn with its run
 * and is asked again, as a later version, because the run goes on after all.
 */
export function follow(queue: Queue, frame: AnyFrame): Queue {
  switch (frame.type) {
    case 'interrupt': {
      const known = queue.get(frame.interrupt_id)
      if ((known && known.interrupt.version >= frame.version) || !frame.thread_id) return queue
      const item = { threadId: frame.thread_id, interrupt: raised(frame, frame.seq ?? 0) }
      return new Map(queue).set(frame.interrupt_id, item)
    }
    case 'interrupt_updated':
    case 'interrupt_resolved':
    case 'interrupt_expired': {
      const known = queue.get(frame.interrupt_id)
      if (known?.interrupt.status !== 'pending') return queue
      // Told again after a list that knows of a later version: it was asked anew since.
      if ('version' in frame && frame.version < known.interrupt.version) return queue
      return new Map(queue).set(frame.interrupt_id, { ...known, interrupt: answered(known.interrupt, frame) })
    }
    default:
      return queue
  }
}

/**
 * The queue after the server's list was read: it brings what was missed, and what it no longer lists is taken out unless
 * it was raised after `readAt` (server time in milliseconds), when the list could not know it.
 */
export function reconcile(queue: Queue, rows: readonly Interrupt[], readAt: number): Queue {
  const listed = new Set(rows.map(({ id }) => id))
  const next = new Map(queue)
  for (const [id, { interrupt }] of queue) {
    const late = interrupt.at !== null && Date.parse(interrupt.at) > readAt
    if (interrupt.status === 'pending' && !listed.has(id) && !late) next.delete(id)
  }
  for (const row of rows) {
    const known = next.get(row.id)
    // An event may have told more than the list, which was read before.
    if (!known || known.interrupt.version <= row.version) next.set(row.id, fromRest(row))
  }
  return next
}

/** The ids of what waits for a person, the most urgent first. What is only held waits for the clock. */
export function byUrgency(queue: Queue): string[] {
  return [...queue.values()]
    .filter(({ interrupt }) => interrupt.status === 'pending' && interrupt.on_air_at === null)
    .map(({ interrupt }) => ({ id: interrupt.id, until: Date.parse(interrupt.expires_at) }))
    .sort((a, b) => a.until - b.until)
    .map(({ id }) => id)
}
