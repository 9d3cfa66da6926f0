import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { bringAhead } from './ahead'

const FILES = ['/assets/a.js', '/assets/b.css']
const links = () => [...document.querySelectorAll<HTMLLinkElement>('link[rel=prefetch]')]
const names = () => links().map(({ href }) => new URL(href).pathname)

let away = false
let off = () => {}
beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('fetch', () =>
    away ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve(Response.json(FILES)),
  )
  document.head.innerHTML = ''
  off = bringAhead()
})
afterEach(() => {
  off()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test('what is wanted later is brought once all is quiet, once', async () => {
  expect(names()).toEqual([])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(names()).toEqual(FILES)
})

test('it is brought when the server is back, if it was away at that moment', async () => {
  away = true
  await vi.advanceTimersByTimeAsync(35_000)
  expect(names()).toEqual([])
  away = false
  await vi.advanceTimersByTimeAsync(10_000)
  expect(names()).toEqual(FILES)
})

test('a file that did not come is brought again, and no other', async () => {
  await vi.advanceTimersByTimeAsync(10_000)
  links()[1]?.dispatchEvent(new Event('error'))
  expect(names()).toEqual(FILES.slice(0, 1))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(names()).toEqual(FILES)
})

test('nothing is brought to a page that is left', async () => {
  off()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(names()).toEqual([])
})
