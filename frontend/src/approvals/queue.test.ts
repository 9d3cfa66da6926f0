import { expect, test } from 'vitest'
import type { AnyFrame } from '../generated/protocol'
import type { Shapes } from '../shared/rest'

type Interrupt = Shapes['Interrupt']

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
  created_at: '2026-01-01T00:00:00Z',
})
const empty: Queue = new Map()
const later = Date.parse('2026-01-01T01:00:00Z')
const resolved = (interrupt_id: string): AnyFrame => ({
  type: 'interrupt_resolved',
  thread_id: 't',
  seq: 9,
  event_id: 'e',
  at: '2026-01-01T00:05:00Z',
  run_id: 'r',
  attempt: 1,
  interrupt_id,
  decision: 'approve',
  version: 2,
  by: { id: 'u', name: '阿敏' },
  content: null,
  feedback: null,
})

test('the most urgent comes first', () => {
  expect(byUrgency(reconcile(empty, [row('late', '30'), row('soon', '10')], later))).toEqual(['soon', 'late'])
})

test('a list read before the decision does not make it pending again', () => {
  const decided = follow(reconcile(empty, [row('a', '10')], later), resolved('a'))
  expect(reconcile(decided, [row('a', '10')], later).get('a')?.interrupt.status).toBe('approve')
})

test('what was decided while the line was down leaves the queue; what was raised after the reading stays', () => {
  const known = reconcile(empty, [row('a', '10')], later)
  expect(reconcile(known, [], later).size).toBe(0)
  expect(reconcile(known, [], Date.parse('2025-12-31T23:59:00Z')).size).toBe(1)
})
