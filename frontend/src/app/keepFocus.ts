/** What the focus can be brought back to when that which has it goes: itself, what it was in, what stood beside that. */
interface Held {
  readonly element: HTMLElement
  readonly around: readonly Element[]
  readonly beside: ReadonlyMap<Element, readonly (Element | null)[]>
}

/** Parts of a page that are worth being told that one is in them. Where menus open over it one was only for a moment. */
const PLACES =
  '[role=dialog], article, section:not(#popups), form, fieldset, li, tr, nav, aside, main, [role=tabpanel], [role=region]'
const ROWS = 'li, tr'
/** A dialog upon a dialog holds it a dozen times: what opened the first is still to be found. */
const REMEMBERED = 32
/** The page's own code goes first: what it gives the focus to is better chosen. */
const SETTLED_MS = 80

/** antd's tables begin with a row that is there to measure by, and for nobody else. */
const isSeen = (element: Element) =>
  element.isConnected &&
  element.checkVisibility({ visibilityProperty: true }) &&
  !element.closest('[aria-hidden=true]')
const isUsable = (element: Element) => isSeen(element) && !element.matches(':disabled')

/**
 * Keep the focus where somebody works by keys. What has it may be taken from the page or switched off: a row that was
 * decided, a field that was closed, a button while it is busy. The browser then leaves it on the whole page, and the next
 * Tab begins at the top. Here it goes back to the thing itself as soon as that can be used again, else to the part of the
 * page it was in, else to where it was before. Returns what ends it.
 */
export function keepFocus(): () => void {
  let history: Held[] = []
  /** What is busy, and the part of the page that has the focus meanwhile. */
  let busy: { element: HTMLElement; place: Element } | undefined
  let lastKey: string | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const note = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement) || target === document.body) return
    if (target !== busy?.place) busy = undefined
    const known = history.filter(({ element }) => element !== target)
    history = [heldOf(target), ...known].slice(0, REMEMBERED)
  }
  const bring = () => {
    timer = undefined
    if (lastKey === undefined || document.activeElement !== document.body || !document.hasFocus()) return
    // Under a dialog nothing is to be done.
    const over = [...document.querySelectorAll('[aria-modal=true]')].findLast(isSeen)
    const within = (element: Element) => isSeen(element) && (!over || over.contains(element))
    for (const held of history) {
      const { element } = held
      if (within(element) && isUsable(element)) {
        element.focus()
        // A part of the page that had it for a moment takes it no more.
        if (document.activeElement === element) return
      }
      const place = placeOf(held, within)
      if (place) {
        if (!element.isConnected) return settle(markOf(place))
        const mark = place.matches('main') ? markOf(place) : place
        busy = { element, place: mark }
        return settle(mark)
      }
    }
    const rest = over ?? document.querySelector('main')
    if (rest) settle(markOf(rest))
  }
  const look = () => {
    if (busy && document.activeElement === busy.place && isUsable(busy.element)) busy.element.focus()
    else if (history.length > 0 && document.activeElement === document.body)
      timer ??= setTimeout(bring, SETTLED_MS)
  }
  const left = ({ target, relatedTarget }: FocusEvent) => {
    // Whoever goes past the last thing of the page leaves it: that is no trap.
    if (lastKey === 'Tab' && !relatedTarget && target instanceof Element && isUsable(target)) history = []
  }
  const keyed = ({ key }: KeyboardEvent) => {
    lastKey = key
  }
  const pointed = () => {
    lastKey = undefined
    history = []
  }
  const observer = new MutationObserver(look)
  observer.observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['disabled', 'hidden', 'style', 'class'],
  })
  document.addEventListener('focusin', note)
  document.addEventListener('focusout', left)
  window.addEventListener('keydown', keyed, true)
  window.addEventListener('pointerdown', pointed, true)
  return () => {
    clearTimeout(timer)
    observer.disconnect()
    document.removeEventListener('focusin', note)
    document.removeEventListener('focusout', left)
    window.removeEventListener('keydown', keyed, true)
    window.removeEventListener('pointerdown', pointed, true)
  }
}

function heldOf(element: HTMLElement): Held {
  const around: Element[] = []
  for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) around.push(at)
  const rows = [element, ...around].filter((one) => one.matches(ROWS))
  return {
    element,
    around,
    beside: new Map(rows.map((row) => [row, [row.nextElementSibling, row.previousElementSibling]])),
  }
}

/** The nearest thing that is still there: a part of the page around it, or the row beside the one that is gone. */
function placeOf({ element, around, beside }: Held, within: (one: Element) => boolean): Element | undefined {
  for (const at of [element, ...around]) {
    if (at !== element && at.matches(PLACES) && within(at)) return at
    const row = !at.isConnected && beside.get(at)?.find((other) => other && within(other))
    if (row) return row
  }
  return undefined
}

const isInView = (element: Element): boolean => {
  const { top, bottom } = element.getBoundingClientRect()
  return isSeen(element) && top >= 0 && bottom <= innerHeight
}

/**
 * What says where one is. Of a row, and of the queue, the link: to press it does no harm. Of all that a page shows the
 * heading: a ring around the whole would be the window's frame, and say nothing.
 */
const markOf = (part: Element): Element =>
  (part.matches('li, .queue') && (part.querySelector('a[aria-current]') ?? part.querySelector('a'))) ||
  (part.matches('main') && [...part.querySelectorAll('h1, h2')].find(isInView)) ||
  part

/** Give a part of the page the focus: Tab goes on in it, and Enter does nothing. */
function settle(place: Element): void {
  if (!(place instanceof HTMLElement)) return
  if (!place.matches('a, [tabindex]')) {
    place.tabIndex = -1
    place.addEventListener('blur', () => place.removeAttribute('tabindex'), { once: true })
  }
  place.focus({ preventScroll: true })
}
