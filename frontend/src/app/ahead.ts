/** The page itself comes first: what it may want later is brought when all is quiet. */
const PAUSE_MS = 10_000

/**
 * Have the browser bring what other pages, dialogs and editors need before anybody asks for it: when the server is gone it
 * cannot be had any more. While it is gone this is tried again and again. Returns what calls it off.
 */
export function bringAhead(): () => void {
  const brought = new Set<string>()
  let timer = setTimeout(bring, PAUSE_MS)
  const again = () => {
    clearTimeout(timer)
    timer = setTimeout(bring, PAUSE_MS)
  }
  function bring() {
    void fetch('/ahead.json')
      .then((answer) => (answer.ok ? answer.json() : []))
      .then((files: string[]) => {
        for (const file of files) {
          if (brought.has(file)) continue
          brought.add(file)
          const link = document.createElement('link')
          link.rel = 'prefetch'
          link.as = file.endsWith('.css') ? 'style' : 'script'
          link.crossOrigin = ''
          link.href = file
          link.onerror = () => {
            link.remove()
            brought.delete(file)
            again()
          }
          document.head.append(link)
        }
      })
      .catch(again)
  }
  return () => clearTimeout(timer)
}
