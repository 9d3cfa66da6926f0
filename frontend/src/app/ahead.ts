/** The page itself comes first: what it may want later is brought when all is quiet. */
const PAUSE_MS = 10_000

/**
 * Have the browser bring what other pages, dialogs and editors need before anybody asks for it: when the server is gone it
 * cannot be had any more. Returns what calls it off.
 */
export function bringAhead(): () => void {
  const timer = setTimeout(() => {
    void fetch('/ahead.json')
      .then((answer) => (answer.ok ? answer.json() : []))
      .then((files: string[]) => {
        for (const file of files) {
          const link = document.createElement('link')
          link.rel = 'prefetch'
          link.as = file.endsWith('.css') ? 'style' : 'script'
          link.crossOrigin = ''
          link.href = file
          document.head.append(link)
        }
      })
      // Then each comes when it is wanted.
      .catch(() => undefined)
  }, PAUSE_MS)
  return () => clearTimeout(timer)
}
