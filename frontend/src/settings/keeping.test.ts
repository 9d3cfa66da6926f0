import { expect, test } from 'vitest'
import { isDays, shortens } from './keeping'

test('memories go by a shorter time, also by any at all where they were kept for ever', () => {
  const retention = { checkpoint_days: null, in_force_days: 30 }
  const cases = [
    [null, 90, true],
    [90, 30, true],
    [30, 90, false],
    [30, null, false],
    [30, 30, false],
    [null, null, false],
  ] as const
  for (const [before, after, asked] of cases)
    expect(shortens('note', retention, before, after), `${before} → ${after}`).toBe(asked)
})

test('versions go by less than what is in force, and perhaps by going back to the server’s own', () => {
  expect(shortens('checkpoint_days', { checkpoint_days: null, in_force_days: 30 }, null, 7)).toBe(true)
  expect(shortens('checkpoint_days', { checkpoint_days: null, in_force_days: 30 }, null, 60)).toBe(false)
  expect(shortens('checkpoint_days', { checkpoint_days: 7, in_force_days: 7 }, 7, null)).toBe(true)
})

test('a period is whole days from one to ten years, or none', () => {
  expect([null, 1, 3650].every(isDays)).toBe(true)
  expect([0, 3651, 1.5, -1].some(isDays)).toBe(false)
})
