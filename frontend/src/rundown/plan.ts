import type { ShowItemView } from '../generated/protocol'
import type { Shapes } from '../shared/rest'

export type Scenario = Shapes['NewShowItem']['scenario']

/** The segments in the order in which an evening goes through them. */
export const scenarios: readonly Scenario[] = [
  'opening',
  'selling_points',
  'seeding',
  'promotion',
  'transition',
  'closing',
]

/** A script to plan, as the form holds it. */
export interface Wanted {
  product_id: string
  product_name: string
  scenario: Scenario
  seconds: number | null
  notes: string
}

/** Every product in every segment, product by product. */
export function everyPair(
  products: readonly { id: string; name: string }[],
  segments: readonly Scenario[],
): Wanted[] {
  const ordered = scenarios.filter((scenario) => segments.includes(scenario))
  return products.flatMap(({ id, name }) =>
    ordered.map((scenario) => ({
      product_id: id,
      product_name: name,
      scenario,
      seconds: null,
      notes: '',
    })),
  )
}

export type TableRow = { row: number; items: Shapes['TableItem'][]; errors: Shapes['TableError'][] }

/** What a table asks for and what is wrong with it, row by row as in the file. */
export function byRow({ items, errors }: Shapes['ReadTable']): TableRow[] {
  const rows = new Map<number, TableRow>()
  const of = (row: number) => {
    const known = rows.get(row) ?? { row, items: [], errors: [] }
    rows.set(row, known)
    return known
  }
  for (const item of items) of(item.row).items.push(item)
  for (const error of errors) of(error.row).errors.push(error)
  return [...rows.values()].sort((a, b) => a.row - b.row)
}

/** When each item begins, in seconds from the start of the show. */
export function beginnings(items: readonly Pick<ShowItemView, 'planned_seconds'>[]): number[] {
  let at = 0
  return items.map(({ planned_seconds }) => {
    const begins = at
    at += planned_seconds
    return begins
  })
}

/** The items in the order after one of them went `by` places up (-1) or down (1); the same order at either end. */
export function moved(ids: readonly string[], id: string, by: -1 | 1): string[] {
  const from = ids.indexOf(id)
  const to = from + by
  if (from < 0 || to < 0 || to >= ids.length) return [...ids]
  const order = ids.filter((one) => one !== id)
  order.splice(to, 0, id)
  return order
}
