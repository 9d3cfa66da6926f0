import { beforeEach, expect, test } from 'vitest'
import { type Entry, ranked } from './ranking'
import { noteRecent, recents } from './recent'

const entry = (id: string, kind: Entry['kind'], label: string, keywords?: string): Entry => ({
  id,
  kind,
  label,
  ...(keywords && { keywords }),
  run: () => {},
})
const all = [
  entry('page:products', 'page', '商品', 'products'),
  entry('action:new', 'action', '新对话'),
  entry('product:1', 'product', '沐野随行保温杯 500ml', '沐野 保温杯'),
  entry('product:2', 'product', '卫龙大面筋辣条', '零食'),
  entry('thread:1', 'thread', '保温杯开场 30 秒'),
]
const ids = (typed: string, recent: string[] = []) =>
  ranked(
    all,
    typed,
    recent.map((id) => ({ id, label: '' })),
  ).map(({ id }) => id)

beforeEach(() => localStorage.clear())

test('with nothing typed what was chosen last stands first, then actions and pages, and no long lists', () => {
  expect(ids('', ['product:2', 'page:products'])).toEqual(['product:2', 'page:products', 'action:new'])
})

test('a better find beats a more recent one, and of equal finds the more recent one is first', () => {
  expect(ids('保温杯')).toEqual(['thread:1', 'product:1'])
  expect(ids('保温杯', ['product:1'])).toEqual(['thread:1', 'product:1'])
  expect(ids('bwb')).toEqual(['thread:1', 'product:1'])
  expect(ids('bwb', ['product:1'])).toEqual(['product:1', 'thread:1'])
})

test('what is only found by another of its words comes last, and what is not found not at all', () => {
  expect(ids('lingshi')).toEqual(['product:2'])
  expect(ids('products')).toEqual(['page:products'])
  expect(ids('xyz')).toEqual([])
})

test('what was chosen is kept for each person, the last first and once, however broken the store is', () => {
  for (const id of ['a', 'b', 'a']) noteRecent('me', { id, label: id })
  noteRecent('me', { id: 'c', label: 'c', to: '/console/c' })
  expect(recents('me').map(({ id }) => id)).toEqual(['c', 'a', 'b'])
  expect(recents('you')).toEqual([])
  for (let place = 0; place < 30; place++) noteRecent('me', { id: `n${place}`, label: '' })
  expect(recents('me')).toHaveLength(12)
  for (const broken of ['{', '{}', '[1, null, {"id": 3}]']) {
    localStorage.setItem('cuedesk:recent:me', broken)
    expect(recents('me')).toEqual([])
  }
})
