import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepFocus } from './keepFocus'

let end: () => void
beforeEach(() => {
  vi.useFakeTimers()
  // Nothing is laid out here: what is in the document and not hidden is seen.
  HTMLElement.prototype.checkVisibility = function () {
    return this.closest('[hidden]') === null
  }
  end = keepFocus()
})
afterEach(() => {
  end()
  document.body.innerHTML = ''
  vi.useRealTimers()
})

const get = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement
/** Mutations are told in a microtask, and acted on a moment later. */
const settled = () => vi.advanceTimersByTimeAsync(100)
function put(html: string, key = 'Enter'): void {
  document.body.innerHTML = html
  window.dispatchEvent(new KeyboardEvent('keydown', { key }))
}

test('what is gone leaves the focus to the part of the page it was in', async () => {
  put('<main><section><button>a</button></section></main>')
  get('button').focus()
  get('button').remove()
  await settled()
  expect(document.activeElement).toBe(get('section'))
  get('section').blur()
  expect(get('section').hasAttribute('tabindex')).toBe(false)
})

test('of a row that lost what had it, and of the queue that lost the row, the link has the focus', async () => {
  put(
    '<nav class="queue"><ul><li><a href="/1">a</a></li><li><a href="/2">b</a><button>x</button></li></ul></nav>',
  )
  get('button').focus()
  get('button').remove()
  await settled()
  expect(document.activeElement).toBe(get('[href="/2"]'))
  const row = get('li + li')
  // Here a row alone would take the window's focus along.
  get('[href="/2"]').remove()
  row.remove()
  await settled()
  expect(document.activeElement).toBe(get('[href="/1"]'))
})

test.each([
  [10, 'h2 + h2'],
  [-50, 'main'],
])('of all that a page shows its heading has the focus, if it is in view (at %d)', async (top, has) => {
  put('<main><h2 hidden>no</h2><h2>b</h2><button>a</button></main>')
  get('h2 + h2').getBoundingClientRect = () => new DOMRect(0, top, 100, 20)
  get('button').focus()
  get('button').remove()
  await settled()
  expect(document.activeElement).toBe(get(has))
})

test('a dialog that is closed gives it back to what opened it, and an open one keeps it', async () => {
  put(
    '<main><button id="opens">a</button></main><div role="dialog" aria-modal="true"><button id="in">b</button></div>',
  )
  get('#opens').focus()
  get('#in').focus()
  get('#in').remove()
  await settled()
  expect(document.activeElement).toBe(get('[role=dialog]'))
  get('[role=dialog]').remove()
  await settled()
  expect(document.activeElement).toBe(get('#opens'))
})

test('two dialogs that close at once go back to what opened the first, however much had the focus in them', async () => {
  const buttons = Array.from({ length: 6 }, (_, n) => `<button>${n}</button>`).join('')
  put(
    `<main><h2>h</h2><button id="opens">a</button></main>
    <div class="first" role="dialog" aria-modal="true">${buttons}</div>
    <div class="second" role="dialog" aria-modal="true">${buttons}</div>`,
  )
  get('#opens').focus()
  for (const button of document.querySelectorAll<HTMLElement>('[role=dialog] button')) button.focus()
  document.activeElement?.remove()
  get('.second').remove()
  get('.first').remove()
  await settled()
  expect(document.activeElement).toBe(get('#opens'))
})

test('who leaves the page by Tab or works with a pointer is left alone', async () => {
  put('<main><button>a</button></main>', 'Tab')
  get('button').focus()
  get('button').blur()
  get('main').append('more')
  await settled()
  expect(document.activeElement).toBe(document.body)
  get('button').focus()
  window.dispatchEvent(new Event('pointerdown'))
  get('button').remove()
  await settled()
  expect(document.activeElement).toBe(document.body)
})
