import { useLayoutEffect, useRef } from 'react'
import { recall } from './storage'

/** Where keys are letters. A checkbox that was clicked keeps the focus, and writes nothing. */
const FIELDS = 'textarea, [contenteditable], input:not([type=checkbox], [type=radio], [type=button])'

/** Where it is kept that single characters are no keys (WCAG 2.1.4): who speaks to the machine types them unawares. */
export const SINGLE_KEYS = 'cuedesk:keys'
/** As the whole page has it, so that its styles do not name keys that are off. */
const page = document.documentElement.dataset
page.keys = recall(SINGLE_KEYS)

/** Whether a dialog lies over the page; one that was closed may stay in the document unseen. */
export function dialogOpen(): boolean {
  return [...document.querySelectorAll('[aria-modal=true]')].some(
    (dialog) => dialog.getClientRects().length > 0,
  )
}

/**
 * Whether a key without Ctrl, ⌘ or Alt is meant for the page: nobody writes or composes there, and no dialog lies over it,
 * under which nothing may be decided unseen.
 */
export function isPageKey(event: KeyboardEvent): boolean {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false
  if (page.keys === 'off' && /^\S$/.test(event.key)) return false
  return !(event.target instanceof HTMLElement && event.target.matches(FIELDS)) && !dialogOpen()
}

/**
 * Hear the keys, from the frame on that shows what takes them, and by what that frame shows: an effect after painting may
 * run late on a busy machine, and a key pressed by then would mean what was drawn before.
 */
export function useKeydown(take: (event: KeyboardEvent) => void, on = true): void {
  const latest = useRef(take)
  useLayoutEffect(() => {
    latest.current = take
  })
  useLayoutEffect(() => {
    if (!on) return
    const listen = (event: KeyboardEvent) => latest.current(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [on])
}
