import { useEffect, useRef } from 'react'

/** Something the page on screen can do, for the command bar to offer. */
export interface PageAction {
  readonly id: string
  readonly label: string
  /** The key that does the same, as it is printed. */
  readonly keys?: string
  readonly run: () => void
}

const sources = new Set<() => readonly PageAction[]>()

/** What the pages on screen can do now. */
export const pageActions = (): readonly PageAction[] => [...sources].flatMap((read) => read())

/** Offer actions in the command bar while this is on screen; `read` is asked whenever the bar opens. */
export function usePageActions(read: () => readonly PageAction[]): void {
  const latest = useRef(read)
  latest.current = read
  useEffect(() => {
    const source = () => latest.current()
    sources.add(source)
    return () => void sources.delete(source)
  }, [])
}
