import { expect, test } from 'vitest'
import type { Product } from './api'
import { factsOf, isStale } from './facts'

const record = (fields: Partial<Product>) =>
  ({
    id: 'p',
    name: '杯',
    price: 59.9,
    list_price: null,
    price_ladder: [],
    stock: 120,
    gifts: ['杯刷1把'],
    points: [],
    facts: { 材质: '316不锈钢' },
    evidence: [],
    required_statements: [],
    ...fields,
  }) as unknown as Product
const used = { price: 59.9, stock: 120, gifts: ['杯刷1把'], facts: { 材质: '316不锈钢' } }
const step = (count: number, total: string) => `${count} 件 ${total}`
const names = (facts: ReturnType<typeof factsOf>) =>
  facts.map(({ name }) => (typeof name === 'string' ? name : name.label))

test('what the record says now is told, and nothing of it was otherwise when the text was written', () => {
  const facts = factsOf(used, record({}), '这只杯子59.9，316不锈钢', step)
  expect(names(facts)).toEqual(['price', 'stock', 'gifts', '材质'])
  expect(isStale(facts)).toBe(false)
  expect(facts.map(({ said }) => said)).toEqual([true, false, false, true])
})

test('a price, a gift or a fact that is another one now says what it was', () => {
  const now = record({ price: 69.9, gifts: [], facts: { 材质: '316不锈钢', 容量: '500ml' } })
  const facts = factsOf(used, now, '', step)
  const was = Object.fromEntries(
    facts.map(({ name, was: before }) => [typeof name === 'string' ? name : name.label, before]),
  )
  expect(was).toEqual({ price: ['59.9'], stock: undefined, gifts: ['杯刷1把'], 材质: undefined, 容量: [] })
  expect(facts.find(({ name }) => name === 'gifts')?.now).toEqual([])
  expect(isStale(facts)).toBe(true)
})

test('a ladder of prices is compared by its sums, whichever way they are written down', () => {
  const ladder = [{ quantity: 2, total: '109.00', note: '' }] as unknown as Product['price_ladder']
  const given = { ...used, price_ladder: [{ quantity: 2, total: 109 }] }
  const facts = factsOf(given, record({ price_ladder: ladder }), '两只109', step)
  expect(facts.find(({ name }) => name === 'price_ladder')).toEqual({
    name: 'price_ladder',
    now: ['2 件 109'],
    was: undefined,
    said: false,
  })
})

test('a number stands in the text only as itself', () => {
  const said = (text: string) => factsOf(used, record({ price: 59 }), text, step)[0]?.said
  expect(['到手价59元', '159元', '59.9元', '价格是59。'].map(said)).toEqual([true, false, false, true])
})

test('without the record what the writer was given is told; without that nothing is called changed', () => {
  const removed = factsOf(used, null, '', step)
  expect(removed.find(({ name }) => name === 'price')?.now).toEqual(['59.9'])
  expect(isStale(removed)).toBe(false)
  expect(isStale(factsOf(null, record({ price: 1 }), '', step))).toBe(false)
  expect(factsOf(null, null, '', step)).toEqual([])
})

test('what was masked on the way here is not taken for a change', () => {
  const given = { ...used, facts: { 热线: '138****8000' } }
  expect(isStale(factsOf(given, record({ facts: { 热线: '13800138000' } }), '', step))).toBe(false)
})
