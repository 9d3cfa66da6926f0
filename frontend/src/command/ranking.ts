import { match } from './matching'
import type { Recent } from './recent'

export const kinds = ['page', 'action', 'thread', 'approval', 'product', 'host', 'room', 'show'] as const
export type Kind = (typeof kinds)[number]

/** One line of the command bar: somewhere to go (`to`), or something to do. */
export interface Entry {
  readonly id: string
  readonly kind: Kind
  readonly label: string
  /** Other words by which it is found. */
  readonly keywords?: string
  readonly keys?: string
  readonly to?: string
  readonly run: () => void
}

/** How many lines are shown at most; more are found by typing more. */
const MOST = 40
const MOST_UNASKED = 12

/**
 * What to show for what was typed: the best finds first, of equal ones what was chosen last. With nothing typed what was
 * chosen last stands first, then what one can do and where one can go.
 */
export function ranked(entries: readonly Entry[], typed: string, recent: readonly Recent[]): Entry[] {
  const age = new Map(recent.map(({ id }, place) => [id, place]))
  const ageOf = ({ id }: Entry) => age.get(id) ?? recent.length
  if (typed.trim() === '') {
    const chosen = entries.filter(({ id }) => age.has(id)).sort((a, b) => ageOf(a) - ageOf(b))
    const others = entries.filter(({ id, kind }) => !age.has(id) && (kind === 'action' || kind === 'page'))
    return [...chosen.slice(0, MOST_UNASKED), ...others]
  }
  return entries
    .flatMap((entry) => {
      const byName = match(typed, entry.label)
      // Found by another of its words it comes after what is called so.
      const score = byName ?? (match(typed, `${entry.label} ${entry.keywords ?? ''}`) ?? Number.NaN) + 3
      return Number.isNaN(score) ? [] : [{ entry, score }]
    })
    .sort(
      (a, b) =>
        a.score - b.score ||
        ageOf(a.entry) - ageOf(b.entry) ||
        kinds.indexOf(a.entry.kind) - kinds.indexOf(b.entry.kind),
    )
    .slice(0, MOST)
    .map(({ entry }) => entry)
}
