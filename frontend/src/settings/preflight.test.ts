import { expect, test } from 'vitest'
import { slotsOf, slotsSent, wrongSlots } from './preflight'

const inputs = {
  properties: {
    seconds: { anyOf: [{ type: 'integer', minimum: 5, maximum: 1800 }, { type: 'null' }] },
    scenario: { type: 'string', enum: ['opening', 'closing'] },
    style: { type: 'array', items: { type: 'string' } },
    product_id: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    product_name: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    draft: { type: 'string', minLength: 1, maxLength: 10000 },
    items: { type: 'array', maxItems: 500 },
  },
}
const slots = slotsOf(inputs, ['draft'])
const of = (name: string) => slots.find((slot) => slot.name === name)

test('each slot is typed as its schema says, what cannot be done without first', () => {
  expect(slots[0]?.name).toBe('draft')
  expect(slots.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    'draft long',
    'seconds number',
    'scenario choice',
    'style words',
    'product_id product',
    'product_name short',
    'items pairs',
  ])
  expect(of('seconds')).toMatchObject({ min: 5, max: 1800, required: false })
  expect(of('scenario')?.choices).toEqual(['opening', 'closing'])
  expect(of('draft')?.most).toBe(10000)
})

test('what is empty is not sent, and each product is meant with each segment', () => {
  expect(
    slotsSent(slots, { draft: '', seconds: null, style: [], items: { products: ['p'], scenarios: [] } }),
  ).toEqual({})
  expect(
    slotsSent(slots, {
      draft: '稿',
      seconds: 0,
      items: { products: ['p', 'q'], scenarios: ['opening'] },
      other: 'x',
    }),
  ).toEqual({
    draft: '稿',
    seconds: 0,
    items: [
      { product_id: 'p', scenario: 'opening' },
      { product_id: 'q', scenario: 'opening' },
    ],
  })
})

test('what is wrong inside of a slot is told of the slot, once', () => {
  const wrong = wrongSlots(slots, {
    'items.0.scenario': 'no',
    'items.1.scenario': 'no',
    seconds: 'no',
    x: 'no',
  })
  expect(wrong.map(({ name }) => name)).toEqual(['seconds', 'items'])
})
