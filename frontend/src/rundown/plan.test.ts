import { expect, test } from 'vitest'
import { beginnings, byRow, everyPair, moved } from './plan'

test('every product goes through the chosen segments in the order of an evening', () => {
  const products = [
    { id: 'p1', name: '保温杯' },
    { id: 'p2', name: '辣条' },
  ]
  const pairs = everyPair(products, ['promotion', 'opening'])
  expect(pairs.map(({ product_id, scenario }) => [product_id, scenario])).toEqual([
    ['p1', 'opening'],
    ['p1', 'promotion'],
    ['p2', 'opening'],
    ['p2', 'promotion'],
  ])
})

test('errors stand at their rows, between the rows that are right', () => {
  const item = (row: number) => ({
    row,
    product_id: 'p',
    product_name: '杯',
    scenario: 'opening' as const,
    seconds: null,
    notes: '',
  })
  const error = { row: 3, column: '商品', code: 'unknown_product', message: '', value: '杯子', details: {} }
  const rows = byRow({ rows: 3, items: [item(4), item(2), item(2)], errors: [error] })
  expect(rows.map(({ row, items, errors }) => [row, items.length, errors.length])).toEqual([
    [2, 2, 0],
    [3, 0, 1],
    [4, 1, 0],
  ])
})

test('an item goes one place up or down and no further than the ends', () => {
  expect(moved(['a', 'b', 'c'], 'c', -1)).toEqual(['a', 'c', 'b'])
  expect(moved(['a', 'b', 'c'], 'a', 1)).toEqual(['b', 'a', 'c'])
  expect(moved(['a', 'b'], 'a', -1)).toEqual(['a', 'b'])
  expect(moved(['a', 'b'], 'b', 1)).toEqual(['a', 'b'])
})

test('each item begins when those before it are over', () => {
  expect(beginnings([{ planned_seconds: 30 }, { planned_seconds: 45 }, { planned_seconds: 5 }])).toEqual([
    0, 30, 75,
  ])
})
