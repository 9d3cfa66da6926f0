import { expect, test } from 'vitest'
import type { Overlay, OwnRule } from './api'
import { freshId, imported, isChanged, merged } from './draft'

const rule = (id: string, ...terms: string[]): OwnRule => ({
  id,
  title: '',
  severity: 'block',
  category: 'house_rule',
  basis: '',
  about: '',
  terms,
  patterns: [],
  allow: [],
  advice: '',
  replace: {},
})
const overlay = (rules: OwnRule[], allow: string[] = []): Overlay => ({
  rules,
  adjustments: [],
  allow: allow.map((text) => ({ text, reason: '' })),
  brands: [],
})

test('what two people change in different lines is kept, whoever saves first', () => {
  const base = overlay([rule('H-1', 'a'), rule('H-2', 'b')], ['x'])
  const mine = overlay([rule('H-1', 'mine'), rule('H-2', 'b'), rule('H-3', 'c')], [])
  const theirs = overlay([rule('H-1', 'a'), rule('H-2', 'theirs'), rule('H-4', 'd')], ['x', 'y'])
  const both = merged(base, mine, theirs)
  expect(both.rules.map(({ id, terms }) => [id, ...(terms ?? [])])).toEqual([
    ['H-1', 'mine'],
    ['H-2', 'theirs'],
    ['H-4', 'd'],
    ['H-3', 'c'],
  ])
  expect(both.allow.map(({ text }) => text)).toEqual(['y'])
})

test('a line that both changed is ours; one that they removed and we did not touch is gone', () => {
  const base = overlay([rule('H-1', 'a'), rule('H-2', 'b'), rule('H-3', 'c')])
  const mine = overlay([rule('H-1', 'mine'), rule('H-2', 'b'), rule('H-3', 'mine')])
  const theirs = overlay([rule('H-1', 'theirs')])
  expect(merged(base, mine, theirs).rules.map(({ id, terms }) => [id, ...(terms ?? [])])).toEqual([
    ['H-1', 'mine'],
    ['H-3', 'mine'],
  ])
})

test('nothing changed here is what they saved', () => {
  const base = overlay([rule('H-1', 'a')])
  const theirs = overlay([rule('H-2', 'b')], ['x'])
  expect(merged(base, base, theirs)).toEqual(theirs)
  expect(isChanged(base, structuredClone(base))).toBe(false)
  expect(isChanged(base, theirs)).toBe(true)
})

test('a table replaces rules of the same id where they stand and adds the others', () => {
  const rules = imported([rule('H-1', 'a'), rule('H-2', 'b')], [rule('H-2', 'new'), rule('H-9', 'z')])
  expect(rules.map(({ id, terms }) => [id, ...(terms ?? [])])).toEqual([
    ['H-1', 'a'],
    ['H-2', 'new'],
    ['H-9', 'z'],
  ])
  expect(freshId(rules)).toBe('H-4')
  expect(freshId([rule('h-2')])).toBe('H-3')
})

test('two who added a rule under the same free id keep both', () => {
  const both = merged(overlay([]), overlay([rule('H-1', 'mine')]), overlay([rule('H-1', 'theirs')]))
  expect(both.rules.map(({ terms }) => terms)).toEqual([['theirs'], ['mine']])
  expect(new Set(both.rules.map(({ id }) => id)).size).toBe(2)
})
