import { expect, test } from 'vitest'
import { shown, stateChanges, unchangedKeys } from './stateChanges'

test('the smallest parts that differ are told, with the way to them', () => {
  const before = {
    slots: { style: ['活泼'], seconds: 30 },
    product: { name: '杯', points: [{ feature: '轻' }] },
  }
  const after = {
    slots: { style: ['稳重'], seconds: 30 },
    product: { name: '杯', points: [{ feature: '轻', proof: '称重' }] },
  }
  expect(stateChanges(before, after)).toEqual([
    { key: 'slots', kind: 'changed', changes: [{ path: ['style'], before: ['活泼'], after: ['稳重'] }] },
    {
      key: 'product',
      kind: 'changed',
      changes: [{ path: ['points', '1', 'proof'], before: undefined, after: '称重' }],
    },
  ])
})

test('what says nothing is not there: it is neither new nor gone', () => {
  expect(
    stateChanges({ feedback: '', later: [], room: null }, { feedback: '', later: [], options: [] }),
  ).toEqual([])
  expect(stateChanges({ draft: '' }, { draft: '大家好' })).toEqual([
    { key: 'draft', kind: 'added', changes: [{ path: [], before: undefined, after: '大家好' }] },
  ])
  expect(stateChanges({ feedback: '短一点' }, { feedback: '' })[0]?.kind).toBe('removed')
  // Zero and no are values.
  expect(
    stateChanges({ round: 1, blocked: true }, { round: 0, blocked: false }).map(({ kind }) => kind),
  ).toEqual(['changed', 'changed'])
})

test('of a run’s first state all is new, and what stayed is counted', () => {
  const first = stateChanges(undefined, { request: { content: '写' }, round: 0 })
  expect(first.map(({ key, kind }) => [key, kind])).toEqual([
    ['request', 'added'],
    ['round', 'added'],
  ])
  expect(unchangedKeys({ a: 1, b: '', c: 2 }, stateChanges({ a: 1, c: 1 }, { a: 1, b: '', c: 2 }))).toEqual([
    'a',
  ])
})

test('a value that became another kind of thing is told whole', () => {
  expect(stateChanges({ decision: 'none' }, { decision: { decision: 'approve' } })[0]?.changes).toEqual([
    { path: [], before: 'none', after: { decision: 'approve' } },
  ])
  expect(stateChanges({ x: ['a'] }, { x: ['a', 'b'] })[0]?.changes[0]?.path).toEqual([])
})

test('values are put in words', () => {
  expect([shown('好'), shown(['轻', '暖']), shown(3), shown(false)]).toEqual(['好', '轻、暖', '3', 'false'])
  expect(JSON.parse(shown({ a: [{ b: 1 }] }))).toEqual({ a: [{ b: 1 }] })
})
