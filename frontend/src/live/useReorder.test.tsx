import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { useRef } from 'react'
import { afterEach, expect, test, vi } from 'vitest'
import { type Said, useReorder } from './useReorder'

afterEach(cleanup)

const drop = vi.fn<(ids: string[]) => void>()
const say = vi.fn<(what: Said, id: string, place: number) => void>()
const ids = ['a', 'b', 'c']

function List() {
  const list = useRef<HTMLOListElement>(null)
  const { grabbed, handle } = useReorder(ids, list, drop, say)
  return (
    <ol ref={list}>
      {(grabbed?.ids ?? ids).map((id) => (
        <li key={id} data-entry={id}>
          <button type="button" aria-pressed={grabbed?.id === id} {...handle(id)}>
            {id}
          </button>
        </li>
      ))}
    </ol>
  )
}

const order = () => screen.getAllByRole('button').map(({ textContent }) => textContent)
const press = (id: string, key: string) => fireEvent.keyDown(screen.getByText(id), { key })

function show() {
  drop.mockClear()
  say.mockClear()
  render(<List />)
}

test('an entry that is picked up with Space is moved by the arrows and dropped once', () => {
  show()
  press('c', ' ')
  expect(screen.getByText('c').getAttribute('aria-pressed')).toBe('true')
  press('c', 'ArrowUp')
  expect(order()).toEqual(['a', 'c', 'b'])
  press('c', 'Home')
  expect(drop).not.toHaveBeenCalled()
  press('c', ' ')
  expect(drop.mock.calls).toEqual([[['c', 'a', 'b']]])
  expect(say.mock.calls).toEqual([
    ['grabbed', 'c', 2],
    ['moving', 'c', 1],
    ['moving', 'c', 0],
    ['dropped', 'c', 0],
  ])
})

test('Escape, or the focus going elsewhere, leaves the order as it was', () => {
  show()
  press('a', 'Enter')
  press('a', 'ArrowDown')
  press('a', 'Escape')
  expect(order()).toEqual(['a', 'b', 'c'])
  press('a', ' ')
  press('a', 'End')
  fireEvent.blur(screen.getByText('a'))
  expect(order()).toEqual(['a', 'b', 'c'])
  expect(drop).not.toHaveBeenCalled()
  expect(say.mock.calls.filter(([what]) => what === 'cancelled')).toHaveLength(2)
})

test('what is dropped where it was is no new order', () => {
  show()
  press('b', ' ')
  press('b', ' ')
  expect(drop).not.toHaveBeenCalled()
})

test('an entry is dragged past the middles of the others, by its handle alone', () => {
  show()
  for (const [n, row] of [...document.querySelectorAll('li')].entries())
    vi.spyOn(row, 'getBoundingClientRect').mockReturnValue(new DOMRect(0, n * 40, 100, 40))
  const handle = screen.getByText('a')
  handle.setPointerCapture = () => undefined
  fireEvent.pointerDown(handle, { button: 0, pointerId: 1, clientY: 20 })
  fireEvent.pointerMove(handle, { pointerId: 2, clientY: 110 })
  expect(order()).toEqual(['a', 'b', 'c'])
  fireEvent.pointerMove(handle, { pointerId: 1, clientY: 70 })
  expect(order()).toEqual(['b', 'a', 'c'])
  fireEvent.pointerUp(handle, { pointerId: 1, clientY: 70 })
  expect(drop.mock.calls).toEqual([[['b', 'a', 'c']]])
})
