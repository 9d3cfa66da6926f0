import { type PointerEvent, useCallback, useEffect, useRef } from 'react'

const FIRST_MS = 400
const AGAIN_MS = 90

/**
 * A button that acts when it is pressed, and goes on while it is held: by finger, mouse or key. `step` is called for each
 * time, `done` once when it is let go of.
 */
export function useHold(step: () => void, done: () => void) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const act = useRef({ step, done })
  act.current = { step, done }
  const stop = useCallback(() => {
    if (timer.current === undefined) return
    clearTimeout(timer.current)
    timer.current = undefined
    act.current.done()
  }, [])
  useEffect(() => () => clearTimeout(timer.current), [])
  return {
    onPointerDown(event: PointerEvent<HTMLElement>) {
      if (event.button !== 0 || timer.current !== undefined) return
      event.currentTarget.setPointerCapture?.(event.pointerId)
      act.current.step()
      const again = () => {
        act.current.step()
        timer.current = setTimeout(again, AGAIN_MS)
      }
      timer.current = setTimeout(again, FIRST_MS)
    },
    onPointerUp: stop,
    onPointerCancel: stop,
    onLostPointerCapture: stop,
    // The keyboard repeats by itself; a click that no pointer made comes from it, or from assistive technology.
    onClick(event: { detail: number }) {
      if (event.detail !== 0) return
      act.current.step()
      act.current.done()
    },
    onContextMenu(event: { preventDefault(): void }) {
      event.preventDefault()
    },
  }
}
