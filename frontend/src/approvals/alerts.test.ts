import { expect, test } from 'vitest'
import type { InterruptView } from '../generated/protocol'
import { alertBetween, heardOf, titled } from './alerts'
import { heldItems, isClean } from './bulk'
import { byUrgency, type QueueItem } from './queue'

const item = (id: string, changes: Partial<InterruptView> = {}): QueueItem => ({
  threadId: 't',
  interrupt: {
    id,
    kind: 'script_approval',
    status: 'pending',
    allowed: ['approve', 'edit', 'reject'],
    params: { content: '好', findings: [], checks: [{ id: 'c', name: 'c', passed: true, detail: '' }] },
    expires_at: '2026-01-01T00:10:00Z',
    on_air_at: null,
    escalated_at: null,
    claimed_by: null,
    ...changes,
  } as InterruptView,
})
const queue = (...items: QueueItem[]) => new Map(items.map((one) => [one.interrupt.id, one]))

test('what comes new is heard once, what becomes urgent again and more gravely; the first look is silent', () => {
  const first = heardOf(queue(item('a')))
  expect(alertBetween(undefined, first)).toBeUndefined()
  expect(alertBetween(first, first)).toBeUndefined()
  expect(alertBetween(first, heardOf(queue(item('a'), item('b'))))).toBe('new')
  const urgent = heardOf(queue(item('a', { escalated_at: 'T' }), item('b')))
  expect(alertBetween(first, urgent)).toBe('urgent')
  expect(alertBetween(urgent, heardOf(queue(item('b'))))).toBeUndefined()
})

test('a script that is held asks for nobody: it is in neither queue, count nor sound', () => {
  const held = queue(item('h', { on_air_at: '2026-01-01T00:00:05Z' }))
  expect(heardOf(held).waiting.size).toBe(0)
  expect(byUrgency(held)).toEqual([])
  expect(heldItems(held.values()).map(({ interrupt }) => interrupt.id)).toEqual(['h'])
})

test('only what nothing speaks against can be approved together', () => {
  expect(isClean(item('a'), 'me')).toBe(true)
  expect(isClean(item('a', { claimed_by: { id: 'me', name: '我' } }), 'me')).toBe(true)
  for (const changes of [
    { claimed_by: { id: 'you', name: '你' } },
    { status: 'approve' as const },
    { allowed: ['edit' as const] },
    { kind: 'tool_action' as const },
    { on_air_at: '2026-01-01T00:00:05Z' },
    { params: { findings: [{ rule: 'r' }], checks: [] } },
    { params: { findings: [], checks: [{ passed: false }] } },
    { params: { findings: [], checks: [], held: true } },
  ])
    expect(isClean(item('a', changes), 'me')).toBe(false)
})

test('the title says how many wait, once', () => {
  expect(titled('审批 · Cuedesk', 3)).toBe('(3) 审批 · Cuedesk')
  expect(titled('(3) 审批 · Cuedesk', 2)).toBe('(2) 审批 · Cuedesk')
  expect(titled('(3) 审批 · Cuedesk', 0)).toBe('审批 · Cuedesk')
})
