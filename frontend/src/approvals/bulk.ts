import { scriptParams } from '../review/params'
import type { QueueItem } from './queue'

/**
 * Whether a script may be approved together with others, unread one by one: it waits, approving is allowed, no check
 * objected to anything, it was not held back before, and nobody else is at it.
 */
export function isClean({ interrupt }: QueueItem, me: string): boolean {
  const { findings, checks, held } = scriptParams(interrupt.params)
  return (
    interrupt.kind === 'script_approval' &&
    interrupt.status === 'pending' &&
    interrupt.on_air_at === null &&
    interrupt.allowed.includes('approve') &&
    (interrupt.claimed_by === null || interrupt.claimed_by.id === me) &&
    findings.length === 0 &&
    checks.every(({ passed }) => passed) &&
    held === undefined
  )
}

/** Approved scripts that are held before they go on air, the one that goes first first. */
export function heldItems(items: Iterable<QueueItem>): QueueItem[] {
  return [...items]
    .filter(({ interrupt }) => interrupt.status === 'pending' && interrupt.on_air_at !== null)
    .sort((a, b) => Date.parse(a.interrupt.on_air_at ?? '') - Date.parse(b.interrupt.on_air_at ?? ''))
}

/** Of the held scripts (the one that goes first first) the last that `me` approved: a colleague's is not mine to regret. */
export function lastOwn(held: readonly QueueItem[], me: string): QueueItem | undefined {
  return held.findLast(({ interrupt }) => interrupt.params.approver_id === me)
}
