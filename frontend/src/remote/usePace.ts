import { useCallback, useEffect, useRef, useState } from 'react'
import { paceWithin } from '../prompter/settings'

/** How often a pace that is being changed is told on the way, in milliseconds. */
const TELL_MS = 250

/**
 * A pace that is dragged or held: drawn at once, told at most four times a second, and at the end. What the server says
 * counts again as soon as the last word was answered.
 */
export function usePace(
  said: number,
  tell: (pace: number) => Promise<boolean>,
): { pace: number; change: (pace: number) => void; settle: () => void } {
  const [drawn, setDrawn] = useState<number>()
  const wanted = useRef(said)
  const told = useRef<number>(undefined)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const send = useCallback(() => {
    timer.current = undefined
    if (told.current === wanted.current) return Promise.resolve(true)
    told.current = wanted.current
    return tell(wanted.current)
  }, [tell])
  const change = useCallback(
    (pace: number) => {
      wanted.current = paceWithin(pace)
      setDrawn(wanted.current)
      timer.current ??= setTimeout(() => void send(), TELL_MS)
    },
    [send],
  )
  const settle = useCallback(() => {
    clearTimeout(timer.current)
    const last = wanted.current
    void send().finally(() => {
      // Somebody may hold it again by now.
      if (wanted.current !== last) return
      told.current = undefined
      setDrawn(undefined)
    })
  }, [send])
  return { pace: drawn ?? said, change, settle }
}
