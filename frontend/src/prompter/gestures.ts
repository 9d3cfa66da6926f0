const TAP_PIXELS = 10
const RESUME_MS = 1000

export interface Gestures {
  tap(): void
  /** Move the text up by so many pixels. */
  drag(pixels: number): void
  /** The fingers spread by this factor since the pinch began. */
  pinch(factor: number, begin: boolean): void
  /** A text that was running when it was taken hold of runs again a second after the release. */
  isRunning(): boolean
  resume(): void
}

/** Tap pauses, drag and wheel move, two fingers change the size. Returns how to stop listening. */
export function listen(surface: HTMLElement, gestures: Gestures): () => void {
  const fingers = new Map<number, { x: number; y: number }>()
  let travelled = 0
  let wasRunning = false
  let pinching = 0
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
      wasRunning = gestures.isRunning() || timer !== undefined
    } else if (fingers.size === 2) {
      travelled = TAP_PIXELS + 1
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
    if (travelled > TAP_PIXELS)
      gestures.drag(before > TAP_PIXELS ? pixels : Math.sign(pixels) * (travelled - TAP_PIXELS))
  }
  const up = (event: PointerEvent) => {
    if (!fingers.delete(event.pointerId) || fingers.size > 0) return
    pinching = 0
    if (travelled <= TAP_PIXELS) {
      if (event.type === 'pointerup') gestures.tap()
    } else if (wasRunning && !gestures.isRunning()) later()
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
    surface.removeEventListener('pointerdown', down)
    surface.removeEventListener('pointermove', move)
    surface.removeEventListener('pointerup', up)
    surface.removeEventListener('pointercancel', up)
    surface.removeEventListener('wheel', wheel)
  }
}
