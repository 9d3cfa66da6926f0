import { afterEach, expect, test, vi } from 'vitest'
import { isPageKey } from './keys'

const pressed = (on: HTMLElement, init: KeyboardEventInit = {}) => {
  let meant: boolean | undefined
  const listen = (event: KeyboardEvent) => {
    meant = isPageKey(event)
  }
  window.addEventListener('keydown', listen, { once: true })
  on.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true, ...init }))
  return meant
}
const put = (html: string) => {
  document.body.innerHTML = html
  return document.body.firstElementChild as HTMLElement
}
afterEach(() => {
  document.body.innerHTML = ''
})

test('a key is the page’s own on the page, a link, a button or a box that was checked', () => {
  expect(pressed(document.body)).toBe(true)
  for (const html of ['<a href="/">a</a>', '<button>b</button>', '<input type="checkbox">'])
    expect(pressed(put(html)), html).toBe(true)
})

test('a key is a letter where one writes or composes, and something else with Ctrl, ⌘ or Alt', () => {
  for (const html of ['<input>', '<input type="search">', '<textarea></textarea>', '<p contenteditable></p>'])
    expect(pressed(put(html)), html).toBe(false)
  for (const init of [
    { ctrlKey: true },
    { metaKey: true },
    { altKey: true },
    { isComposing: true },
    { keyCode: 229 },
  ])
    expect(pressed(document.body, init)).toBe(false)
})

test('under an open dialog no key of the page counts; one that is closed but kept is no dialog', () => {
  const dialog = put('<div aria-modal="true"></div>')
  expect(pressed(document.body)).toBe(true)
  vi.spyOn(dialog, 'getClientRects').mockReturnValue([new DOMRect()] as unknown as DOMRectList)
  expect(pressed(document.body)).toBe(false)
})

test('letters typed on when the field is taken away from under the hands are no keys, until there is a pause', () => {
  vi.useFakeTimers()
  const typing = () => {
    const field = put('<textarea></textarea>')
    pressed(field, { key: 'j' })
    return field
  }
  typing().remove()
  for (let letter = 0; letter < 20; letter++) {
    vi.advanceTimersByTime(200)
    expect(pressed(document.body, { key: 'j' })).toBe(false)
  }
  vi.advanceTimersByTime(1501)
  expect(pressed(document.body, { key: 'j' })).toBe(true)

  // Who leaves it by oneself means the page at once.
  for (const key of ['Enter', 'Escape', 'Tab']) {
    const field = typing()
    pressed(field, { key })
    field.remove()
    expect(pressed(document.body, { key: 'j' }), key).toBe(true)
  }
  // A field that stands there still was left by the page's own choice.
  typing()
  expect(pressed(document.body, { key: 'j' })).toBe(true)
  vi.useRealTimers()
})
