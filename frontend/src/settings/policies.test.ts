import { expect, test } from 'vitest'
import openapi from '../generated/openapi.json'
import { policiesEn, policiesZh } from '../i18n/policies'
import { type Field, fields, isFine, sentOf, typedOf } from './policies'

interface Told {
  anyOf: { type: string; minimum?: number; maximum?: number }[]
}
const told = openapi.components.schemas.PolicyChanges.properties as unknown as Record<string, Told>
const field = (name: string) => fields.find((one) => one.name === name) as Field

test('there is a field for every policy of the server, but for the limits that the page of models has', () => {
  const elsewhere = Object.keys(told).filter((name) => /^model_(tokens|calls|cost)_/.test(name))
  expect(elsewhere).toHaveLength(4)
  expect([...fields.map(({ name }) => name), ...elsewhere].sort()).toEqual(Object.keys(told).sort())
  for (const words of [policiesZh, policiesEn])
    expect(Object.keys(words.policy).sort()).toEqual(fields.map(({ name }) => name).sort())
})

test.each(fields.filter(({ unit }) => unit !== 'yes'))('the bounds of $name are the server’s', (one) => {
  const bounds = told[one.name]?.anyOf.find(({ type }) => type !== 'null')
  expect(sentOf(one, one.min ?? 0)).toBe(bounds?.minimum)
  expect(sentOf(one, one.max ?? 0)).toBe(bounds?.maximum)
  expect(isFine(one, one.min ?? 0)).toBe(true)
  expect(isFine(one, one.max ?? 0)).toBe(true)
  expect(isFine(one, (one.max ?? 0) + 1)).toBe(false)
  expect(isFine(one, (one.min ?? 0) - 1)).toBe(false)
  expect(isFine(one, null)).toBe(false)
})

test('times are typed in minutes and sent in whole seconds; a second is not lost by its rounding', () => {
  const ttl = field('interrupt_ttl')
  expect([typedOf(ttl, 1800), sentOf(ttl, 30), sentOf(ttl, 1.5)]).toEqual([30, 1800, 90])
  expect([typedOf(ttl, 1), isFine(ttl, typedOf(ttl, 1)), sentOf(ttl, typedOf(ttl, 1))]).toEqual([
    0.02,
    true,
    1,
  ])
  expect(sentOf(field('undo_window'), 8)).toBe(8)
  expect(isFine(field('show_concurrency'), 2.5)).toBe(false)
})
