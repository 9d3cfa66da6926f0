import { useCallback, useEffect, useRef, useState } from 'react'
import { indexAt, step } from './axis'

export const speeds = [1, 4, 16] as const
export type Speed = (typeof speeds)[number]

export interface Playback {
  readonly index: number
  readonly playing: boolean
  readonly speed: Speed
  /** Go to a moment and stay there. */
  readonly go: (index: number) => void
  /** Go to the next moment in a direction that is to be seen. */
  readonly move: (by: 1 | -1) => void
  /** Play on, from the beginning when it was at the end; or stand still. */
  readonly toggle: () => void
  readonly setSpeed: (speed: Speed) => void
}

/** Goes along moments: by hand, or by itself at a speed. `seen` are those at which one stops by hand. */
export function usePlayback(places: readonly number[], seen: readonly boolean[], start: number): Playback {
  const [index, setIndex] = useState(start)
  const [playing, setPlaying] = useState(false)
  const [speed, setSpeed] = useState<Speed>(1)
  const present = useRef(index)
  present.current = index
  const last = places.length - 1

  useEffect(() => {
    if (!playing) return
    let place = places[present.current] ?? 0
    let before = performance.now()
    let frame = requestAnimationFrame(function draw(now) {
      place += Math.max(0, now - before) * speed
      before = now
      const next = indexAt(places, place)
      setIndex(next)
      if (next >= last) setPlaying(false)
      else frame = requestAnimationFrame(draw)
    })
    return () => cancelAnimationFrame(frame)
  }, [playing, speed, places, last])

  const go = useCallback(
    (to: number) => {
      setPlaying(false)
      setIndex(Math.min(Math.max(to, 0), last))
    },
    [last],
  )
  const move = useCallback((by: 1 | -1) => go(step(seen, present.current, by)), [go, seen])
  const toggle = useCallback(() => {
    if (!playing && present.current >= last) setIndex(0)
    setPlaying(!playing)
  }, [playing, last])
  return { index: Math.min(index, last), playing, speed, go, move, toggle, setSpeed }
}
