import type { Product } from './api'

const fields = [
  'price',
  'list_price',
  'price_ladder',
  'stock',
  'gifts',
  'evidence',
  'required_statements',
] as const
export type Field = (typeof fields)[number]

/** One thing that the record says of a product. */
export interface Fact {
  /** A field of the record, or the name of a fact as it is printed on the label. */
  readonly name: Field | { readonly label: string }
  /** As the record has it now; empty: not there. */
  readonly now: readonly string[]
  /** What the writer was given, where that is something else. */
  readonly was: readonly string[] | undefined
  /** It stands in the text, letter for letter. That it does not says nothing: hosts say 五十九块九. */
  readonly said: boolean
}

/** How several cost together, in words of the reader's language. */
export type StepText = (count: number, total: string) => string

/**
 * What a product's record says, beside what the writer of a script was given of it. `used` is the product in the state
 * of the script's run (null: not kept any more), `now` the record (null: removed).
 */
export function factsOf(
  used: Readonly<Record<string, unknown>> | null,
  now: Product | null,
  text: string,
  step: StepText,
): Fact[] {
  const fact = (name: Fact['name'], present: unknown, given: unknown): Fact[] => {
    const [is, was] = [valuesOf(present, step), valuesOf(given, step)]
    if (is.length === 0 && was.length === 0) return []
    const masked = was.some((value) => value.includes('*'))
    const changed = used !== null && now !== null && !masked && is.join('\n') !== was.join('\n')
    const shown = now === null ? was : is
    return [
      { name, now: shown, was: changed ? was : undefined, said: shown.some((one) => stands(one, text)) },
    ]
  }
  const record: Readonly<Record<string, unknown>> = now ? { ...now } : {}
  const labels = new Set([...Object.keys(now?.facts ?? {}), ...Object.keys(objectOf(used?.facts))])
  return [
    ...fields.flatMap((name) => fact(name, record[name], used?.[name])),
    ...[...labels].flatMap((label) => fact({ label }, now?.facts[label], objectOf(used?.facts)[label])),
  ]
}

/** Whether the record is another one than the writer was given. */
export const isStale = (facts: readonly Fact[]): boolean => facts.some(({ was }) => was !== undefined)

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

function valuesOf(value: unknown, step: StepText): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => valuesOf(one, step))
  if (typeof value === 'object' && value !== null) {
    const { quantity, total } = value as { quantity?: unknown; total?: unknown }
    return typeof quantity === 'number' ? [step(quantity, String(Number(total)))] : []
  }
  return value === null || value === undefined || value === '' ? [] : [String(value)]
}

/** A number must not be a part of another: 59 does not stand in 159 or 59.9. */
function stands(value: string, text: string): boolean {
  if (/^\d+(\.\d+)?$/.test(value)) {
    const pattern = new RegExp(`(?<![\\d.])${value.replace('.', '\\.')}(?!\\.?\\d)`)
    return pattern.test(text)
  }
  return Array.from(value).length > 1 && text.includes(value)
}
