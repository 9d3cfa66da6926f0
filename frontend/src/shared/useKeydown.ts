import { useLayoutEffect, useRef } from 'react'

/**
 * Hear the keys, from the frame on that shows what takes them, and by what that frame shows: an effect after painting may
 * run late on a busy machine, and a key pressed by then would mean what was drawn before.
 */
export function useKeydown(take: (event: KeyboardEvent) => void, on = true): void {
  const latest = useRef(take)
  useLayoutEffect(() => {
    latest.current = take
  })
  useLayoutEffect(() => {
    if (!on) return
    const listen = (event: KeyboardEvent) => latest.current(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [on])
}
