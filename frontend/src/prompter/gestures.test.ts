import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { isAtEdge, listen, paceBetween } from './gestures'
import { useDesk } from './store'

const START = useDesk.getState()
let stop: () => void
const told: [string, number?][] = []
const surface = document.createElement('main')

beforeEach(() => {
  useDesk.setState({ ...START, bound: false }, true)
  told.length = 0
  surface.getBoundingClientRect = () => ({ left: 0, right: 390 }) as DOMRect
  surface.setPointerCapture = () => undefined
  stop = listen(surface, {
    tap: () => told.push(['tap']),
    drag: (by) => told.push(['drag', by]),
    pinch: () => undefined,
    isRunning: () => false,
    resume: () => undefined,
    pace: (by) => told.push(['pace', by]),
  })
})
afterEach(() => {
  stop()
  vi.restoreAllMocks()
})

const point = (type: string, x: number, y: number, kind = 'touch') => {
  const event = new MouseEvent(type, { clientX: x, clientY: y, button: 0, bubbles: true })
  surface.dispatchEvent(Object.assign(event, { pointerId: 1, pointerType: kind }))
}
const swipe = (x: number, kind?: string) => {
  point('pointerdown', x, 500, kind)
  for (let y = 490; y >= 440; y -= 10) point('pointermove', x, y, kind)
}

it('the edge is a strip inside what a notch takes', () => {
  expect([0, 31, 32, 357, 358, 389].map((x) => isAtEdge(x, 0, 390))).toEqual([
    true,
    true,
    false,
    false,
    true,
    true,
  ])
  expect([44, 75, 76].map((x) => isAtEdge(x, 44, 800))).toEqual([true, true, false])
})

it('each step of a swipe counts once, up and down', () => {
  expect(paceBetween(0, 23)).toBe(0)
  expect(paceBetween(20, 30)).toBe(5)
  expect(paceBetween(30, 47)).toBe(0)
  expect(paceBetween(50, 10)).toBe(-10)
  expect(paceBetween(0, -48)).toBe(-10)
})

it('a swipe at an edge changes the pace and moves nothing', () => {
  swipe(10)
  expect(told).toEqual([
    ['pace', 5],
    ['pace', 5],
  ])
  expect(useDesk.getState().swiping).toBe(true)
  point('pointerup', 10, 440)
  expect(useDesk.getState().swiping).toBe(false)
  expect(told.length).toBe(2)
})

it('elsewhere, by mouse, and where the room leads, it drags', () => {
  swipe(200)
  point('pointerup', 200, 440)
  swipe(10, 'mouse')
  point('pointerup', 10, 440, 'mouse')
  useDesk.setState({ bound: true })
  swipe(385)
  point('pointerup', 385, 440)
  expect(new Set(told.map(([what]) => what))).toEqual(new Set(['drag']))
})

it('a tap at an edge is a tap', () => {
  point('pointerdown', 10, 500)
  point('pointerup', 10, 500)
  expect(told).toEqual([['tap']])
})
