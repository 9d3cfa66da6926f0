import { lazy } from 'react'

const AGAIN_MS = 2000

/** Until the server gives out files again. */
export function back(): Promise<void> {
  return fetch('/ahead.json')
    .then(({ ok }) => ok)
    .catch(() => false)
    .then((ok) => (ok ? undefined : new Promise((resolve) => setTimeout(resolve, AGAIN_MS)).then(back)))
}

/**
 * A part of a page that the page can do without: its file, asked for while the server is away, leaves its place empty until
 * the server is back; it never takes the page, and what is being typed there, with it. For what somebody has asked for
 * and waits for use `lazy`: there a page says that it is missing. A file that a reachable server does not have (the page
 * is of an older release) is thrown, and the page is read anew.
 */
export const part: typeof lazy = (load) => lazy(() => load().catch(() => back().then(load)))
