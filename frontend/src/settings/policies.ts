import type { Shapes } from '../shared/rest'

export type Policies = Shapes['Policies']
export type PolicyName = Exclude<
  keyof Policies,
  'model_tokens_per_minute' | 'model_calls_per_second' | 'model_cost_soft' | 'model_cost_hard'
>
export type Value = number | boolean

/** How a policy is typed: in which unit, between which bounds (in that unit), and whether it can go back to the server's own. */
export interface Field {
  readonly name: PolicyName
  readonly unit: 'minutes' | 'seconds' | 'scripts' | 'characters' | 'documents' | 'days' | 'yes'
  readonly min?: number
  readonly max?: number
  /** There is a setting of the server to go back to. */
  readonly resets: boolean
}

const WEEK_MINUTES = 7 * 24 * 60
/** The server's shortest time is a second. */
const SECOND = 1 / 60

const time = (name: PolicyName, min: number = SECOND): Field => ({
  name,
  unit: 'minutes',
  min,
  max: WEEK_MINUTES,
  resets: true,
})
const count = (name: PolicyName, unit: Field['unit'], min: number, max: number): Field => ({
  name,
  unit,
  min,
  max,
  resets: true,
})
const yes = (name: PolicyName): Field => ({ name, unit: 'yes', resets: false })

/** All policies but the limits of models, which stand beside what is used of them; in the groups in which they are shown. */
export const groups: readonly { readonly name: string; readonly fields: readonly Field[] }[] = [
  {
    name: 'deciding',
    fields: [
      yes('four_eyes'),
      yes('auto_approve'),
      { name: 'undo_window', unit: 'seconds', min: 0, max: 600, resets: false },
    ],
  },
  {
    name: 'times',
    fields: [
      time('interrupt_ttl'),
      time('show_interrupt_ttl'),
      time('extension_step'),
      time('extension_limit'),
      time('escalate_before', 0),
    ],
  },
  {
    name: 'writing',
    fields: [
      count('show_concurrency', 'scripts', 1, 50),
      count('window_characters', 'characters', 500, 20_000),
      count('summary_characters', 'characters', 0, 4_000),
      count('memory_documents', 'documents', 10, 1_000_000),
    ],
  },
  { name: 'texts', fields: [yes('model_texts'), count('model_text_days', 'days', 1, 3650)] },
]

export const fields: readonly Field[] = groups.flatMap((group) => group.fields)

const CENTS = 100

/** A policy as it is typed: times of minutes with two places at most. */
export function typedOf({ unit }: Field, value: Value): Value {
  return unit === 'minutes' && typeof value === 'number' ? Math.round((value / 60) * CENTS) / CENTS : value
}

/** What was typed as the server takes it, in whole seconds. */
export function sentOf({ unit }: Field, typed: Value): Value {
  return unit === 'minutes' && typeof typed === 'number' ? Math.round(typed * 60) : typed
}

/** Whether something typed is within the bounds; whole where only whole ones count. */
export function isFine({ unit, min, max }: Field, typed: Value | null): boolean {
  if (typed === null) return false
  if (typeof typed === 'boolean') return true
  const whole = unit === 'minutes' || unit === 'seconds' || Number.isInteger(typed)
  // A second is no round part of a minute: what rounds to one is one.
  const sent = unit === 'minutes' ? Math.round(typed * 60) / 60 : typed
  return whole && sent >= (min ?? 0) && sent <= (max ?? Number.POSITIVE_INFINITY)
}
