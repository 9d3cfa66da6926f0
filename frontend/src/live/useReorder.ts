import { type KeyboardEvent, type PointerEvent, useCallback, useRef, useState } from 'react'
import { placeAt, placed } from './queue'

export interface Grabbed {
  readonly id: string
  readonly ids: readonly string[]
  readonly by: 'keys' | 'pointer'
}

export interface Reorder {
  /** What is being moved, and the order as it would be; `undefined` while nothing is. */
  readonly grabbed: Grabbed | undefined
  /** The handlers of an entry's handle. */
  handle(id: string): {
    onKeyDown(event: KeyboardEvent<HTMLElement>): void
    onBlur(): void
    onPointerDown(event: PointerEvent<HTMLElement>): void
    onPointerMove(event: PointerEvent<HTMLElement>): void
    onPointerUp(event: PointerEvent<HTMLElement>): void
    onPointerCancel(event: PointerEvent<HTMLElement>): void
  }
}

export type Said = 'grabbed' | 'moving' | 'dropped' | 'cancelled'

const EDGE = 48

/**
 * Brings a list into another order by its handles: dragged by mouse, pen or finger, or picked up with Space and moved
 * with the arrows. While something is held the list stands as it was; `drop` is called once, with the whole order.
 */
export function useReorder(
  ids: readonly string[],
  list: React.RefObject<HTMLElement | null>,
  drop: (ids: string[]) => void,
  say: (what: Said, id: string, place: number) => void,
): Reorder {
  const [grabbed, setGrabbed] = useState<Grabbed>()
  const pointer = useRef<number>(undefined)

  const end = useCallback(
    (held: Grabbed, cancelled: boolean) => {
      setGrabbed(undefined)
      pointer.current = undefined
      if (cancelled) say('cancelled', held.id, ids.indexOf(held.id))
      else {
        say('dropped', held.id, held.ids.indexOf(held.id))
        if (held.ids.some((id, place) => id !== ids[place])) drop([...held.ids])
      }
    },
    [ids, drop, say],
  )
  const move = useCallback(
    (held: Grabbed, place: number) => {
      const after = placed(held.ids, held.id, place)
      if (after.every((id, n) => id === held.ids[n])) return
      setGrabbed({ ...held, ids: after })
      say('moving', held.id, after.indexOf(held.id))
    },
    [say],
  )

  const handle = (id: string): ReturnType<Reorder['handle']> => ({
    onKeyDown(event) {
      const held = grabbed?.id === id ? grabbed : undefined
      if (event.key === ' ' || event.key === 'Enter') {
        event.preventDefault()
        event.stopPropagation()
        if (held) end(held, false)
        else {
          setGrabbed({ id, ids, by: 'keys' })
          say('grabbed', id, ids.indexOf(id))
        }
        return
      }
      if (!held) return
      const place = held.ids.indexOf(id)
      const to = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: held.ids.length - 1 }[event.key]
      if (event.key === 'Escape') end(held, true)
      else if (to !== undefined) move(held, Math.max(0, to))
      else return
      event.preventDefault()
      event.stopPropagation()
    },
    // Whoever walks away with the focus has not decided.
    onBlur() {
      if (grabbed?.id === id && grabbed.by === 'keys') end(grabbed, true)
    },
    onPointerDown(event) {
      if (event.button !== 0 || grabbed) return
      event.currentTarget.setPointerCapture(event.pointerId)
      pointer.current = event.pointerId
      setGrabbed({ id, ids, by: 'pointer' })
    },
    onPointerMove(event) {
      if (pointer.current !== event.pointerId || grabbed?.id !== id) return
      scrollAtEdges(list.current, event.clientY)
      const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-entry]') ?? [])].filter(
        (row) => row.dataset.entry !== id && ids.includes(row.dataset.entry ?? ''),
      )
      const middles = rows.map((row) => {
        const { top, height } = row.getBoundingClientRect()
        return top + height / 2
      })
      move(grabbed, placeAt(event.clientY, middles))
    },
    onPointerUp(event) {
      if (pointer.current === event.pointerId && grabbed?.id === id) end(grabbed, false)
    },
    onPointerCancel(event) {
      if (pointer.current === event.pointerId && grabbed?.id === id) end(grabbed, true)
    },
  })
  return { grabbed, handle }
}

/** A long list goes on under a pointer that is held at its edge. */
function scrollAtEdges(list: HTMLElement | null, y: number): void {
  if (!list) return
  const { top, bottom } = list.getBoundingClientRect()
  if (y < top + EDGE) list.scrollTop -= 12
  else if (y > bottom - EDGE) list.scrollTop += 12
}
