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

/** The rooms of what waits, by name. */
export function roomsOf(queue: Queue): string[] {
  const names = byUrgency(queue).map(
    (id) => scriptParams(queue.get(id)?.interrupt.params ?? {}).roomName ?? '',
  )
  return [...new Set(names.filter(Boolean))].sort((a, b) => a.localeCompare(b, 'zh'))
}
