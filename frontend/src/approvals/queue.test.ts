import { expect, test } from 'vitest'
import type { AnyFrame } from '../generated/protocol'
import type { Shapes } from '../shared/rest'

type Interrupt = Shapes['Interrupt']

import { nextOf } from './nextShow'
import { byUrgency, follow, type Queue, reconcile } from './queue'

const row = (id: string, expires: string): Interrupt => ({
  id,
  thread_id: 't',
  run_id: 'r',
  kind: 'script_approval',
  action: 'publish_script',
  params: {},
  allowed: ['approve'],
  status: 'pending',
  version: 1,
  expires_at: `2026-01-01T00:${expires}:00Z`,
  claimed_by: null,
  claimed_until: null,
  escalated_at: null,
  on_air_at: null,
  decision: null,
  decided_by: null,
  decided_at: null,
  undo_until: null,
  created_at: '2026-01-01T00:00:00Z',
})
const empty: Queue = new Map()
const later = Date.parse('2026-01-01T01:00:00Z')
const resolved = (interrupt_id: string, decision: 'approve' | 'cancelled' = 'approve'): AnyFrame => ({
  type: 'interrupt_resolved',
  thread_id: 't',
  seq: 9,
  event_id: 'e',
  at: '2026-01-01T00:05:00Z',
  run_id: 'r',
  attempt: 1,
  interrupt_id,
  decision,
  version: 2,
  by: { id: 'u', name: '阿敏' },
  content: null,
  feedback: null,
})

test('of the shows the one that begins next is told, and none that began or has no time', () => {
  const show = (id: string, starts_at: string | null) => ({ id, starts_at }) as Shapes['Show']
  const shows = [
    show('plan', null),
    show('late', '2026-01-03T12:00:00Z'),
    show('next', '2026-01-02T20:00:00+08:00'),
    show('over', '2026-01-01T00:59:00Z'),
  ]
  expect(nextOf(shows, later)?.id).toBe('next')
  expect(nextOf(shows.slice(3), later)).toBeUndefined()
})

test('the most urgent comes first', () => {
  expect(byUrgency(reconcile(empty, [row('late', '30'), row('soon', '10')], later))).toEqual(['soon', 'late'])
})

test('a list read before the decision does not make it pending again', () => {
  const decided = follow(reconcile(empty, [row('a', '10')], later), resolved('a'))
  expect(reconcile(decided, [row('a', '10')], later).get('a')?.interrupt.status).toBe('approve')
})

test('what ended is told again after a list, and does not end what was asked anew since', () => {
  const end = resolved('a', 'cancelled')
  expect(follow(reconcile(empty, [row('a', '10')], later), end).get('a')?.interrupt.status).toBe('cancelled')
  const anew = reconcile(empty, [{ ...row('a', '40'), version: 3 }], later)
  expect(byUrgency(follow(anew, end))).toEqual(['a'])
})

test('a list read before a claim does not make the claim undone', () => {
  const claimed: AnyFrame = {
    type: 'interrupt_updated',
    thread_id: 't',
    seq: 8,
    event_id: 'e',
    at: '2026-01-01T00:05:00Z',
    run_id: 'r',
    attempt: 1,
    interrupt_id: 'a',
    version: 2,
    expires_at: '2026-01-01T00:10:00Z',
    claimed_by: { id: 'u', name: '阿敏' },
    claimed_until: '2026-01-01T00:06:30Z',
    escalated_at: null,
  }
  const queue = follow(reconcile(empty, [row('a', '10')], later), claimed)
  expect(reconcile(queue, [row('a', '10')], later).get('a')?.interrupt.claimed_by?.name).toBe('阿敏')
})

test('what was withdrawn with its run and is asked again is pending again, told by the socket or by the list', () => {
  const withdrawn = follow(reconcile(empty, [row('a', '10')], later), resolved('a', 'cancelled'))
  const again = { ...row('a', '40'), version: 3 }
  expect(byUrgency(reconcile(withdrawn, [again], later))).toEqual(['a'])
  const { id: interrupt_id, kind, action, params, allowed, expires_at, version, on_air_at } = again
  const asked: AnyFrame = {
    type: 'interrupt',
    thread_id: 't',
    seq: 12,
    event_id: 'f',
    at: '2026-01-01T00:10:00Z',
    run_id: 'r',
    attempt: 2,
    interrupt_id,
    kind,
    action,
    params,
    allowed,
    expires_at,
    version,
    on_air_at,
  }
  expect(byUrgency(follow(withdrawn, asked))).toEqual(['a'])
  expect(byUrgency(follow(withdrawn, { ...asked, version: 1 }))).toEqual([])
})

test('what was decided while the line was down leaves the queue; what was raised after the reading stays', () => {
  const known = reconcile(empty, [row('a', '10')], later)
  expect(reconcile(known, [], later).size).toBe(0)
  expect(reconcile(known, [], Date.parse('2025-12-31T23:59:00Z')).size).toBe(1)
})
