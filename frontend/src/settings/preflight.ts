/** What a skill takes, read from the schema that the server tells: which field is typed how, and what was typed of it. */

interface Schema {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly $ref?: string
  readonly anyOf?: readonly Schema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly maxItems?: number
}

/** Catalogue entries are chosen, choices picked, the rest typed. `pairs`: products, each with segments. */
export type Kind = 'room' | 'product' | 'host' | 'choice' | 'number' | 'words' | 'pairs' | 'long' | 'short'

export interface Slot {
  readonly name: string
  readonly kind: Kind
  readonly required: boolean
  readonly choices: readonly string[]
  readonly min: number | undefined
  readonly max: number | undefined
  /** Characters, or pieces of a list. */
  readonly most: number | undefined
}

const chosen: Readonly<Record<string, Kind>> = {
  room_id: 'room',
  product_id: 'product',
  host_id: 'host',
  items: 'pairs',
  draft: 'long',
  content: 'long',
}

/** The slots of a skill, what it cannot do without first. */
export function slotsOf(inputs: Readonly<Record<string, unknown>>, required: readonly string[]): Slot[] {
  const slots = Object.entries((inputs.properties ?? {}) as Record<string, Schema>).map(([name, schema]) => {
    // What may be left out is told as "this or null".
    const own = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema
    const kind: Kind =
      chosen[name] ??
      (own.enum ? 'choice' : own.type === 'integer' ? 'number' : own.type === 'array' ? 'words' : 'short')
    return {
      name,
      kind,
      required: required.includes(name),
      choices: own.enum ?? [],
      min: own.minimum,
      max: own.maximum,
      most: own.maxLength ?? own.maxItems,
    }
  })
  return slots.sort((a, b) => Number(b.required) - Number(a.required))
}

export interface Pairs {
  readonly products: readonly string[]
  readonly scenarios: readonly string[]
}

export type Typed = Readonly<Record<string, string | number | readonly string[] | Pairs | null | undefined>>

/** What was typed, as the server takes it: what is empty is not sent, and each product is meant with each segment. */
export function slotsSent(slots: readonly Slot[], typed: Typed): Record<string, unknown> {
  const sent: Record<string, unknown> = {}
  for (const { name, kind } of slots) {
    const value = typed[name]
    if (value === undefined || value === null || value === '') continue
    if (kind === 'pairs') {
      const { products, scenarios } = value as Pairs
      const items = products.flatMap((product_id) => scenarios.map((scenario) => ({ product_id, scenario })))
      if (items.length > 0) sent[name] = items
    } else if (!Array.isArray(value) || value.length > 0) sent[name] = value
  }
  return sent
}

/** Of what the server found wrong (`items.0.scenario`), the slots that were typed, each once. */
export function wrongSlots(slots: readonly Slot[], invalid: Readonly<Record<string, string>>): Slot[] {
  const names = new Set(Object.keys(invalid).map((place) => place.split('.', 1)[0]))
  return slots.filter(({ name }) => names.has(name))
}
