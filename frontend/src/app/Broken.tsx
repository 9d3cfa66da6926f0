import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useRouteError } from 'react-router'
import { Trouble } from './Trouble'

const AGAIN_MS = 2000

/** In the place of a page that could not be fetched, until the server is back; or of one that failed. */
export function Broken() {
  const { t } = useTranslation()
  // Chromium, Firefox and WebKit each say it in their own words, and the build's own loader of styles in a fourth.
  const missing = /import|module|preload/i.test(String(useRouteError()))
  useEffect(() => {
    if (!missing) return
    // A browser remembers that a file could not be had: only the page anew fetches it again.
    const timer = setInterval(
      () =>
        fetch('/ahead.json').then(
          ({ ok }) => ok && location.reload(),
          () => undefined,
        ),
      AGAIN_MS,
    )
    return () => clearInterval(timer)
  }, [missing])
  return (
    <Trouble text={t(missing ? 'app.missing' : 'problem.internal_error')} onAgain={() => location.reload()} />
  )
}
