import { isBound, useDesk } from './store'

const TAP_PIXELS = 10
const RESUME_MS = 1000
/** So near to the left or right edge a finger that goes up or down changes the pace. */
const EDGE_PIXELS = 32
/** A step of the pace for so long a way, and how large it is (字/分). */
const STEP_PIXELS = 24
const STEP = 5

export interface Gestures {
  tap(): void
  /** Move the text up by so many pixels. */
  drag(pixels: number): void
  /** The fingers spread by this factor since the pinch began. */
  pinch(factor: number, begin: boolean): void
  /** A text that was running when it was taken hold of runs again a second after the release. */
  isRunning(): boolean
  resume(): void
  /** Change the pace by so many 字/分. */
  pace(by: number): void
}

/** Whether something at `x` is at an edge of what is between `left` and `right`. */
export const isAtEdge = (x: number, left: number, right: number): boolean =>
  x < left + EDGE_PIXELS || x >= right - EDGE_PIXELS

/** By how much the pace is another when a swipe went from `before` to `after` pixels up: each step counts once. */
export const paceBetween = (before: number, after: number): number =>
  (Math.trunc(after / STEP_PIXELS) - Math.trunc(before / STEP_PIXELS)) * STEP

/** The stage without what a notch or a rounded corner takes of it. */
function within(surface: HTMLElement): [left: number, right: number] {
  const { left, right } = surface.getBoundingClientRect()
  const style = getComputedStyle(surface)
  const inset = (side: 'left' | 'right') => Number.parseFloat(style.getPropertyValue(`--inset-${side}`)) || 0
  return [left + inset('left'), right - inset('right')]
}

/**
 * Tap pauses, drag and wheel move, two fingers change the size, a swipe along an edge the pace. Returns how to stop
 * listening.
 */
export function listen(surface: HTMLElement, gestures: Gestures): () => void {
  const fingers = new Map<number, { x: number; y: number }>()
  let travelled = 0
  let wasRunning = false
  let pinching = 0
  /** How far up the finger at an edge is by now. */
  let swiped: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const spread = () => {
    const [a, b] = [...fingers.values()]
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0
  }
  const down = (event: PointerEvent) => {
    // What is pressed is no hold on the text.
    if (event.button !== 0 || (event.target as Element).closest('button')) return
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    surface.setPointerCapture(event.pointerId)
    if (fingers.size === 1) {
      travelled = 0
      // A mouse has keys beside it, and the edge is a place to drag as any other.
      const edge = event.pointerType !== 'mouse' && isAtEdge(event.clientX, ...within(surface))
      swiped = edge && !isBound(useDesk.getState()) ? 0 : undefined
      wasRunning = gestures.isRunning() || timer !== undefined
    } else if (fingers.size === 2) {
      travelled = TAP_PIXELS + 1
      endSwipe()
      pinching = spread()
      gestures.pinch(1, true)
    }
    clearTimeout(timer)
    timer = undefined
  }
  const move = (event: PointerEvent) => {
    const finger = fingers.get(event.pointerId)
    if (!finger) return
    const pixels = finger.y - event.clientY
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    if (fingers.size > 1) {
      if (pinching > 0) gestures.pinch(spread() / pinching, false)
      return
    }
    const before = travelled
    travelled += Math.abs(pixels)
    if (swiped !== undefined) {
      const by = paceBetween(swiped, swiped + pixels)
      swiped += pixels
      if (travelled > TAP_PIXELS) useDesk.setState({ swiping: true })
      if (by) gestures.pace(by)
      return
    }
    if (travelled > TAP_PIXELS)
      gestures.drag(before > TAP_PIXELS ? pixels : Math.sign(pixels) * (travelled - TAP_PIXELS))
  }
  const endSwipe = () => {
    swiped = undefined
    useDesk.setState({ swiping: false })
  }
  const up = (event: PointerEvent) => {
    if (!fingers.delete(event.pointerId) || fingers.size > 0) return
    pinching = 0
    const swipe = swiped !== undefined
    if (swipe) endSwipe()
    if (travelled <= TAP_PIXELS) {
      if (event.type === 'pointerup') gestures.tap()
    } else if (!swipe && wasRunning && !gestures.isRunning()) later()
  }
  const later = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      gestures.resume()
    }, RESUME_MS)
  }
  const wheel = (event: WheelEvent) => {
    event.preventDefault()
    if (event.ctrlKey) return
    const running = gestures.isRunning() || timer !== undefined
    gestures.drag(event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 40 : event.deltaY)
    if (running) later()
  }
  surface.addEventListener('pointerdown', down)
  surface.addEventListener('pointermove', move)
  surface.addEventListener('pointerup', up)
  surface.addEventListener('pointercancel', up)
  surface.addEventListener('wheel', wheel, { passive: false })
  return () => {
    clearTimeout(timer)
    if (swiped !== undefined) endSwipe()
    surface.removeEventListener('pointerdown', down)
    surface.removeEventListener('pointermove', move)
    surface.removeEventListener('pointerup', up)
    surface.removeEventListener('pointercancel', up)
    surface.removeEventListener('wheel', wheel)
  }
}
