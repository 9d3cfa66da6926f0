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

const isField = (target: EventTarget | null): target is HTMLElement =>
  target instanceof HTMLElement && target.matches(FIELDS)

/** Whoever is writing goes on for so long after the field was taken away from under the hands. Milliseconds. */
const GOES_ON_MS = 1500
/** Where the last letter was written, and when a key was pressed last. */
let field: HTMLElement | undefined
let last = 0
/** The last key that was meant for a field which is no more. */
let stray: KeyboardEvent | undefined

// First of all, so that every listener knows.
window.addEventListener(
  'keydown',
  (event) => {
    const now = Date.now()
    // By these one leaves a field oneself.
    if (/^(Enter|Escape|Tab)$/.test(event.key)) field = undefined
    else if (isField(event.target)) field = event.target
    else if (field?.isConnected || now - last > GOES_ON_MS) field = undefined
    else if (field) stray = event
    last = now
  },
  true,
)

/**
 * Whether a key without Ctrl, ⌘ or Alt is meant for the page: nobody writes or composes there, or wrote in a field that a
 * colleague's decision has just taken away, and no dialog lies over it, under which nothing may be decided unseen.
 */
export function isPageKey(event: KeyboardEvent): boolean {
  if (event === stray) return false
  // 229: Safari says of the key that ends a composition that nothing is composed.
  if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey)
    return false
  if (page.keys === 'off' && /^\S$/.test(event.key)) return false
  return !isField(event.target) && !dialogOpen()
}
