import { beforeEach, expect, test } from 'vitest'
import type { InterruptView } from '../generated/protocol'
import { arranged, plainLook, recallLook, rememberLook, reseated, roomsOf } from './arrange'
import { badgeText } from './favicon'
import type { Queue } from './queue'
import { awake, readSnoozed } from './snooze'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const minutes = (n: number) => new Date(NOW + n * 60_000).toISOString()
const interrupt = (id: string, ends: number, more: Partial<InterruptView> = {}) =>
  ({
    id,
    status: 'pending',
    on_air_at: null,
    escalated_at: null,
    claimed_by: null,
    at: minutes(-ends),
    expires_at: minutes(ends),
    params: {},
    ...more,
  }) as unknown as InterruptView
const queue = (...interrupts: InterruptView[]): Queue =>
  new Map(interrupts.map((one) => [one.id, { threadId: 't', interrupt: one }]))
const ids = (of: Queue) => [...of.keys()]

beforeEach(() => localStorage.clear())

test('what was put off is away until its time, and comes back before its end is near', () => {
  const all = queue(interrupt('a', 30), interrupt('b', 20), interrupt('c', 10, { escalated_at: minutes(-1) }))
  const until = { a: NOW + 300_000, b: NOW + 1_100_000, c: NOW + 300_000 }
  expect(ids(awake(all, until, NOW))).toEqual(['c'])
  expect(ids(awake(all, until, NOW + 299_999))).toEqual(['c'])
  expect(ids(awake(all, until, NOW + 300_000))).toEqual(['a', 'c'])
  // Two minutes before b ends, although it was put off for longer.
  expect(ids(awake(all, until, NOW + 18 * 60_000 - 1))).toEqual(['a', 'c'])
  expect(ids(awake(all, until, NOW + 18 * 60_000 + 1))).toEqual(['a', 'b', 'c'])
  expect(awake(all, {}, NOW)).toBe(all)
})

test('a broken store puts nothing off', () => {
  for (const text of ['', '{', 'null', '[]', '{"a":"soon"}']) expect(readSnoozed(text)).toEqual({})
  expect(readSnoozed('{"a":5}')).toEqual({ a: 5 })
})

test('the queue is filtered and ordered as one likes, and what is equal stays by its end', () => {
  const finding = [{ rule: 'r' }]
  const all = queue(
    interrupt('late', 30, { params: { room_name: '小雅', findings: finding } }),
    interrupt('soon', 10, { params: { room_name: '大刘' } }),
    interrupt('mid', 20, { params: { room_name: '小雅' }, claimed_by: { id: 'me', name: '我' } }),
  )
  expect(arranged(all, plainLook)).toEqual(['soon', 'mid', 'late'])
  expect(arranged(all, { ...plainLook, sort: 'newest' })).toEqual(['soon', 'mid', 'late'])
  expect(arranged(all, { ...plainLook, sort: 'room' })).toEqual(['soon', 'mid', 'late'])
  expect(arranged(all, { ...plainLook, faults: 'clean' })).toEqual(['soon', 'mid'])
  expect(arranged(all, { ...plainLook, faults: 'faulty' })).toEqual(['late'])
  expect(arranged(all, { ...plainLook, room: '小雅' })).toEqual(['mid', 'late'])
  expect(arranged(all, plainLook, 'me')).toEqual(['mid'])
  expect(roomsOf(all)).toEqual(['大刘', '小雅'])
})

test('what waits again stands where it stood, or where another row of its conversation waits no more', () => {
  const of = (threadId: string, ...interrupts: InterruptView[]): Queue =>
    new Map(interrupts.map((one) => [one.id, { threadId, interrupt: one }]))
  const rejected = interrupt('old', 10, { run_id: 'r', status: 'reject' })
  const draft = interrupt('draft', 20, { run_id: 'r', status: 'cancelled' })
  const again = interrupt('new', 40, { run_id: 's', params: { taken_back: { of: 'old', by_name: '阿敏' } } })
  const [a, z] = [interrupt('a', 5), interrupt('z', 30)]
  const other = of('other', a, z, interrupt('gone', 1, { status: 'reject' }))
  const all: Queue = new Map([...other, ...of('t', rejected, draft, again)])
  const order = ['a', 'z', 'new']
  expect(reseated(['a', 'old', 'z', 'draft'], order, all)).toEqual(['a', 'new', 'z', 'draft'])
  expect(reseated(['a', 'draft', 'z'], order, all)).toEqual(['a', 'new', 'z'])
  // No place of a conversation of others, nor one that is taken; and what is new as such comes as it did.
  expect(reseated(['a', 'gone', 'z'], order, all)).toEqual(['a', 'gone', 'z'])
  const busy: Queue = new Map([...all, ...of('t', { ...draft, status: 'pending' })])
  expect(reseated(['a', 'draft', 'z'], order, busy)).toEqual(['a', 'draft', 'z'])
  const plain: Queue = new Map([...all, ...of('t', { ...again, run_id: 'r', params: {} })])
  expect(reseated(['a', 'old', 'z'], order, plain)).toEqual(['a', 'old', 'z'])
  // Nothing is known of the first any more: a row of the conversation will do. Called back: its run asks anew.
  const unknown: Queue = new Map([...all].filter(([id]) => id !== 'old'))
  expect(reseated(['a', 'draft', 'z'], order, unknown)).toEqual(['a', 'new', 'z'])
  const approved = interrupt('old', 10, { run_id: 'r', status: 'edit' })
  const called: Queue = new Map([...plain, ...of('t', approved)])
  expect(reseated(['a', 'old', 'z'], order, called)).toEqual(['a', 'new', 'z'])
})

test('how one looks at it is kept for the person, and nothing else is taken from the store', () => {
  expect(recallLook('me')).toEqual(plainLook)
  rememberLook('me', { sort: 'room', faults: 'clean', room: '小雅' })
  expect(recallLook('me')).toEqual({ sort: 'room', faults: 'clean', room: '小雅' })
  expect(recallLook('you')).toEqual(plainLook)
  for (const text of ['{', 'null', '{"sort":"x","faults":1,"room":2}']) {
    localStorage.setItem('cuedesk:queue:me', text)
    expect(recallLook('me')).toEqual(plainLook)
  }
})

test('the badge tells up to nine', () => {
  expect([0, 1, 9, 10, 300].map(badgeText)).toEqual(['', '1', '9', '9+', '9+'])
})
