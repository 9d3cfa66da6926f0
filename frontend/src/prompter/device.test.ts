import { beforeEach, expect, it } from 'vitest'
import { deviceId } from './device'

const kept = () => Object.fromEntries(Object.entries(sessionStorage))

beforeEach(() => sessionStorage.clear())

it('is the same display after a reload, and another one in a tab that was duplicated', () => {
  const first = deviceId()
  // A duplicated tab begins with a copy of what its origin keeps in that moment.
  const copy = kept()
  dispatchEvent(new Event('pagehide'))
  expect(deviceId()).toBe(first)
  sessionStorage.clear()
  for (const [name, value] of Object.entries(copy)) sessionStorage.setItem(name, value)
  expect(deviceId()).not.toBe(first)
})

it('does not leave its id behind in a page that comes back', () => {
  deviceId()
  dispatchEvent(new Event('pagehide'))
  expect(Object.keys(kept())).toHaveLength(1)
  dispatchEvent(new Event('pageshow'))
  expect(kept()).toEqual({})
})
