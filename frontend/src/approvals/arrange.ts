import { scriptParams } from '../review/params'
import { recall, remember } from '../shared/storage'
import { byUrgency, type Queue, type QueueItem } from './queue'

export const sorts = ['deadline', 'newest', 'room'] as const
export const faults = ['any', 'clean', 'faulty'] as const

/** How somebody looks at the queue. */
export interface Look {
  readonly sort: (typeof sorts)[number]
  readonly faults: (typeof faults)[number]
  /** Only of the room of this name; empty: of all. */
  readonly room: string
}

export const plainLook: Look = { sort: 'deadline', faults: 'any', room: '' }

const keyOf = (userId: string) => `cuedesk:queue:${userId}`

/** How this person looked at the queue last in this browser. */
export function recallLook(userId: string): Look {
  try {
    const kept = JSON.parse(recall(keyOf(userId)) || '{}') as Partial<Record<keyof Look, unknown>>
    return {
      sort: sorts.find((one) => one === kept.sort) ?? plainLook.sort,
      faults: faults.find((one) => one === kept.faults) ?? plainLook.faults,
      room: typeof kept.room === 'string' ? kept.room : plainLook.room,
    }
  } catch {
    return plainLook
  }
}

export const rememberLook = (userId: string, look: Look): void =>
  remember(keyOf(userId), JSON.stringify(look))

/** The ids of what waits and is to be seen, in the order in which it is looked at; `mine`: only what I claimed. */
export function arranged(queue: Queue, look: Look, mine?: string): string[] {
  const waiting = byUrgency(queue).flatMap((id) => queue.get(id) ?? [])
  const wanted = waiting.filter((item) => {
    const script = scriptParams(item.interrupt.params)
    if (mine !== undefined && item.interrupt.claimed_by?.id !== mine) return false
    if (look.room && script.roomName !== look.room) return false
    return look.faults === 'any' || script.findings.length > 0 === (look.faults === 'faulty')
  })
  const at = ({ interrupt }: QueueItem) => Date.parse(interrupt.at ?? '') || 0
  const room = ({ interrupt }: QueueItem) => scriptParams(interrupt.params).roomName ?? ''
  // What is equal stays by urgency: sorting keeps the order of equals.
  if (look.sort === 'newest') wanted.sort((a, b) => at(b) - at(a))
  if (look.sort === 'room') wanted.sort((a, b) => room(a).localeCompare(room(b), 'zh'))
  return wanted.map(({ interrupt }) => interrupt.id)
}

/**
 * The rows as they stand, and in the place of what is decided the question by which it waits again: where its rejection
 * was taken back, it was submitted again or called back on its way to the screen. Where that row is gone, another of its
 * conversation that waits no more gives its place; a question for which there is none is left out, as any new one is.
 */
export function reseated(
  shown: readonly string[],
  order: readonly string[],
  queue: Queue,
): readonly string[] {
  return order.reduce((rows, id) => {
    const item = queue.get(id)
    if (!item || rows.includes(id)) return rows
    const seats = rows
      .map((row) => ({ row, fits: suits(item, queue.get(row), queue) }))
      .filter(({ fits }) => fits > 0)
      .sort((a, b) => b.fits - a.fits)
    const seat = seats[0]?.row
    return seat === undefined ? rows : rows.map((row) => (row === seat ? id : row))
  }, shown)
}

/** How well a question may stand where another does: 0 not at all. */
function suits({ threadId, interrupt }: QueueItem, there: QueueItem | undefined, queue: Queue): number {
  if (there?.threadId !== threadId || there.interrupt.status === 'pending') return 0
  const { back, againOf } = scriptParams(interrupt.params)
  const { id, run_id, status } = there.interrupt
  const of = back?.of ?? againOf
  // What is called back is asked about anew by the run that had it approved; a new draft after a rejection is another.
  if (of === undefined)
    return run_id === interrupt.run_id && (status === 'approve' || status === 'edit') ? 1 : 0
  if (id === of) return 3
  return run_id === queue.get(of)?.interrupt.run_id ? 2 : 1
}

/** The rooms of what waits, by name. */
export function roomsOf(queue: Queue): string[] {
  const names = byUrgency(queue).map(
    (id) => scriptParams(queue.get(id)?.interrupt.params ?? {}).roomName ?? '',
  )
  return [...new Set(names.filter(Boolean))].sort((a, b) => a.localeCompare(b, 'zh'))
}
