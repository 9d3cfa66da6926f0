import type { Queue } from './queue'

/** What is worth a sound: the kinds of it, the graver last. */
export type Alert = 'new' | 'urgent'

/** What of the queue was heard of: ids of what waits, and of what has become urgent. */
export interface Heard {
  readonly waiting: ReadonlySet<string>
  readonly urgent: ReadonlySet<string>
}

/** What the queue holds to be heard of now. Scripts that are only held ask for nobody. */
export function heardOf(queue: Queue): Heard {
  const open = [...queue.values()]
    .map(({ interrupt }) => interrupt)
    .filter(({ status, on_air_at }) => status === 'pending' && on_air_at === null)
  return {
    waiting: new Set(open.map(({ id }) => id)),
    urgent: new Set(open.filter(({ escalated_at }) => escalated_at !== null).map(({ id }) => id)),
  }
}

/** The gravest thing that is new between two looks at the queue; the first look, with no `before`, is silent. */
export function alertBetween(before: Heard | undefined, now: Heard): Alert | undefined {
  if (!before) return undefined
  const added = (of: keyof Heard) => [...now[of]].some((id) => !before[of].has(id))
  return added('urgent') ? 'urgent' : added('waiting') ? 'new' : undefined
}

/** A page's title with how many wait in front of it; whatever number stood there before is replaced. */
export function titled(title: string, count: number): string {
  const plain = title.replace(/^\(\d+\) /, '')
  return count > 0 ? `(${count}) ${plain}` : plain
}
