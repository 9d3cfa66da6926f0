import { expect, test } from 'vitest'
import type { Transport } from '../generated/protocol'
import { Ahead } from './ahead'

const at = (revision: number) => ({ revision }) as Transport

function started() {
  const clock = { now: 0 }
  return { clock, ahead: new Ahead(() => clock.now) }
}

test('a step counts from what was ordered until the state shows it', () => {
  const { ahead } = started()
  const first = ahead.asked('speed', 245)
  expect(ahead.of(at(7))).toEqual({ pace: 245, place: undefined })
  first(9)
  expect(ahead.of(at(8)).pace).toBe(245)
  expect(ahead.of(at(9)).pace).toBeUndefined()
})

test('the latest order of two counts, whichever is answered first', () => {
  const { ahead } = started()
  const first = ahead.asked('seek', 10)
  const second = ahead.asked('seek', 20)
  second(3)
  first(2)
  expect(ahead.of(at(2)).place).toBe(20)
  expect(ahead.of(at(3)).place).toBeUndefined()
})

test('a refused order does not count, nor one that is never seen', () => {
  const { ahead, clock } = started()
  ahead.asked('seek', 10)(undefined)
  expect(ahead.of(at(1)).place).toBeUndefined()
  ahead.asked('seek', 10)(99)
  clock.now = 5001
  expect(ahead.of(at(1)).place).toBeUndefined()
})

test('orders that change no place or pace leave them as they are', () => {
  const { ahead } = started()
  ahead.asked('take', 1)(2)
  ahead.asked('play', undefined)(3)
  expect(ahead.of(at(1))).toEqual({ place: undefined, pace: undefined, dark: undefined, playing: true })
})

test('a second quick press takes the first one back', () => {
  const { ahead } = started()
  ahead.asked('blank', 1)
  expect(ahead.of(at(1)).dark).toBe(true)
  ahead.asked('blank', 0)(3)
  expect(ahead.of(at(2)).dark).toBe(false)
  expect(ahead.of(at(3)).dark).toBeUndefined()
  ahead.asked('play', undefined)
  expect(ahead.of(at(3)).playing).toBe(true)
  ahead.asked('pause', undefined)(4)
  expect(ahead.of(at(3)).playing).toBe(false)
  expect(ahead.of(at(4)).playing).toBeUndefined()
})
