import { expect, test } from 'vitest'
import type { ThreadListed } from '../generated/protocol'
import { kept, sorted, type ThreadPages, type ThreadRow, told } from './threadRows'

const row = (id: string, at: number, changes: Partial<ThreadRow> = {}): ThreadRow => ({
  id,
  title: id,
  room_id: null,
  product_id: null,
  host_id: null,
  show_id: null,
  last_seq: at,
  active_run: null,
  pending_interrupts: 0,
  pinned_at: null,
  last_text: '',
  created_at: '2026-11-22T10:00:00Z',
  updated_at: `2026-11-22T10:00:${String(at).padStart(2, '0')}Z`,
  ...changes,
})
const pages = (...rows: ThreadRow[][]): ThreadPages => ({
  pages: rows.map((items) => ({ items, next_cursor: null })),
  pageParams: rows.map(() => undefined),
})
const frame = (thread_id: string, of: ThreadRow | null): ThreadListed => {
  const { pinned_at: _, ...listed } = of ?? row('', 0)
  return { type: 'thread_listed', topic: 'threads', thread_id, row: of && (listed as ThreadListed['row']) }
}
const ids = (rows: readonly ThreadRow[]) => rows.map(({ id }) => id)

test('a row is as the server last told, keeps its pin, and a late word does not take it back', () => {
  const list = pages([row('a', 5, { pinned_at: '2026-11-22T09:00:00Z' })], [row('b', 4)])
  const newer = told(list, frame('a', row('a', 7, { pending_interrupts: 1, title: '保温杯' })), '')
  expect(sorted(newer)[0]).toMatchObject({
    title: '保温杯',
    pending_interrupts: 1,
    pinned_at: '2026-11-22T09:00:00Z',
  })
  expect(told(newer, frame('a', row('a', 6)), '')).toBe(newer)
  expect(ids(sorted(told(newer, frame('a', null), '')))).toEqual(['b'])
})

test('a new thread comes into the list, one of a show does not, and into a search only what it finds', () => {
  const list = pages([row('a', 5)])
  expect(ids(sorted(told(list, frame('new', row('new', 9)), '')))).toEqual(['new', 'a'])
  expect(ids(sorted(told(list, frame('new', row('new', 9, { show_id: 's' })), '')))).toEqual(['a'])
  expect(ids(sorted(told(list, frame('new', row('new', 9)), 'cup')))).toEqual(['a'])
  expect(ids(sorted(told(list, frame('new', row('new', 9, { title: 'Cup' })), 'cup')))).toEqual(['new', 'a'])
})

test('pinned ones are first, then what moved last; a thread that two pages brought stands once, as it is now', () => {
  const list = pages(
    [row('old pin', 1, { pinned_at: '2026-11-22T08:00:00Z' }), row('a', 9)],
    [row('pin', 2, { pinned_at: '2026-11-22T09:00:00Z' }), row('a', 3), row('b', 4)],
  )
  expect(sorted(list).map(({ id, last_seq }) => [id, last_seq])).toEqual([
    ['pin', 2],
    ['old pin', 1],
    ['a', 9],
    ['b', 4],
  ])
})

test('under the pointer every row stays in its place: what is new waits, unless it belongs below', () => {
  const before = ['a', 'b', 'gone', 'c']
  const rows = [row('new', 9), row('c', 8), row('a', 7), row('b', 6), row('more', 1)]
  expect(ids(kept(before, rows))).toEqual(['a', 'b', 'c', 'more'])
  expect(ids(kept([], rows))).toEqual(ids(rows))
})
