import { useLayoutEffect, useRef, useSyncExternalStore } from 'react'
import { isPageKey } from '../shared/keys'

interface Offer {
  /** When it was decided. */
  readonly at: number
  /** Of two that offer the same decision the higher one is asked. */
  readonly rank: number
  readonly undo: () => void
}

let offers: readonly Offer[] = []
const watchers = new Set<() => void>()

function latest(): Offer | undefined {
  return offers.toSorted((a, b) => b.at - a.at || b.rank - a.rank)[0]
}

/** Whether anything can be taken back by Z. */
export const offersUndo = (): boolean => offers.length > 0

/** Take back what was decided last, as Z does. */
export const undoLatest = (): void => latest()?.undo()

function press(event: KeyboardEvent): void {
  // Held down it must not call back one after the other.
  if (event.key.toLowerCase() !== 'z' || event.shiftKey || event.repeat || !isPageKey(event)) return
  event.preventDefault()
  undoLatest()
}

function change(next: readonly Offer[]): void {
  offers = next
  if (next.length > 0) window.addEventListener('keydown', press)
  else window.removeEventListener('keydown', press)
  for (const watcher of watchers) watcher()
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/**
 * Offers to take a decision back by Z, and says whether the key is about this one: of all that the page offers, wherever
 * their buttons stand, about the one that was decided last. `decidedAt` is undefined while there is nothing to take back.
 */
export function useUndoKey(decidedAt: string | null | undefined, undo: () => void, rank = 0): boolean {
  const act = useRef(undo)
  act.current = undo
  const own = useRef<Offer>(undefined)
  useLayoutEffect(() => {
    if (!decidedAt) return
    const offer = { at: Date.parse(decidedAt), rank, undo: () => act.current() }
    own.current = offer
    change([...offers, offer])
    return () => {
      own.current = undefined
      change(offers.filter((other) => other !== offer))
    }
  }, [decidedAt, rank])
  return useSyncExternalStore(watch, () => own.current !== undefined && latest() === own.current)
}
