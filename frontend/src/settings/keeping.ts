import type { Shapes } from '../shared/rest'

/** What is kept for so many days, in the order shown: versions of runs, then each kind of memory. */
export const periods = ['checkpoint_days', 'script', 'note', 'rejection'] as const
export type Period = (typeof periods)[number]
/** Days; `null`: the server's own for versions, for ever for memories. */
export type Periods = Record<Period, number | null>

export const DAYS = { min: 1, max: 3650 } as const

export const isDays = (days: number | null): boolean =>
  days === null || (Number.isInteger(days) && days >= DAYS.min && days <= DAYS.max)

/** Whether something that is kept now goes by this change. What the server's own period is, nobody knows before. */
export function shortens(
  name: Period,
  { checkpoint_days, in_force_days }: Shapes['RetentionInForce'],
  before: number | null,
  after: number | null,
): boolean {
  if (before === after) return false
  if (name !== 'checkpoint_days') return after !== null && (before === null || after < before)
  return after === null ? checkpoint_days !== null : after < in_force_days
}
