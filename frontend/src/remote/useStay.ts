import { useCallback, useEffect, useLayoutEffect, useState } from 'react'

/** Ask before the page is left: by the phone's back gesture here, by anything else in the browser's own words. */
export function useStay(): {
  asking: boolean
  ask: () => void
  stay: () => void
  leave: (to: string) => void
} {
  const [asking, setAsking] = useState(false)
  const [leaving, setLeaving] = useState(false)
  // Before the page is seen: whoever goes back at once is asked, too.
  useLayoutEffect(() => {
    if (leaving) return
    const before = (event: BeforeUnloadEvent) => event.preventDefault()
    // A step of our own in the history: going back takes it, and the page is still there to ask.
    if (history.state?.remote !== true) history.pushState({ remote: true }, '')
    const back = () => {
      history.pushState({ remote: true }, '')
      setAsking(true)
    }
    window.addEventListener('beforeunload', before)
    window.addEventListener('popstate', back)
    return () => {
      window.removeEventListener('beforeunload', before)
      window.removeEventListener('popstate', back)
    }
  }, [leaving])
  const [target, setTarget] = useState<string>()
  useEffect(() => {
    if (leaving && target) location.assign(target)
  }, [leaving, target])
  return {
    asking,
    ask: useCallback(() => setAsking(true), []),
    stay: useCallback(() => setAsking(false), []),
    leave: useCallback((to: string) => {
      setTarget(to)
      setLeaving(true)
    }, []),
  }
}
