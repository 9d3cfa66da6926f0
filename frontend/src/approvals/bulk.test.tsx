import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, test, vi } from 'vitest'
import '../i18n'
import '../i18n/addApprovals'
import '../i18n/addWork'
import type { InterruptView } from '../generated/protocol'
import { Bulk } from './Bulk'
import { isClean, lastDecided, lastOwn, ownRejected } from './bulk'
import type { QueueItem } from './queue'

const socket = { send: vi.fn(async (_command: object, _how?: object): Promise<object> => ({})) }
vi.mock('../shared/desk', () => ({ useDesk: () => ({ socket }) }))
let undo_window = 0
const rooms = [
  { id: 'own', by_hand: false, undo_window: 30 },
  { id: 'team', by_hand: false, undo_window: null },
  { id: 'hand', by_hand: true, undo_window: null },
]
vi.mock('../shared/rest', async (original) => ({
  ...(await original<object>()),
  rest: {
    GET: (path: string) => (path.endsWith('/rooms') ? { items: rooms, next_cursor: null } : { undo_window }),
  },
  bodyOf: async (answer: object) => answer,
}))

const item = (id: string, params: object = {}): QueueItem => ({
  threadId: `t-${id}`,
  interrupt: { id, version: 3, params: { title: id, ...params } } as unknown as InterruptView,
})
const ask = async (...items: QueueItem[]) => {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Bulk items={items} onDone={() => {}} onClose={() => {}} />
    </QueryClientProvider>,
  )
  await screen.findByTestId('bulk-undo')
}
const outcomes = () => screen.getAllByTestId('bulk-item').map(({ textContent }) => textContent)

beforeEach(() => {
  undo_window = 0
  socket.send.mockReset().mockResolvedValue({})
})

test('one that is refused stops none of the others, and each tells what became of it', async () => {
  socket.send.mockResolvedValueOnce({}).mockRejectedValueOnce({ code: 'version_conflict' })
  await ask(item('甲'), item('乙'), item('丙'))
  await userEvent.click(screen.getByTestId('bulk-approve'))
  const version = { version: 3, decision: 'approve' }
  expect(socket.send.mock.calls.map(([command]) => command)).toMatchObject([version, version, version])
  expect(outcomes()).toEqual([
    expect.stringMatching(/甲.*已通过/),
    expect.stringMatching(/乙.*别人刚改过/),
    expect.stringMatching(/丙.*已通过/),
  ])
})

test('each is sent now or not at all, and one that was under way when the line broke is told as unknown', async () => {
  socket.send.mockRejectedValueOnce({ code: 'unconfirmed' }).mockRejectedValueOnce({ code: 'disconnected' })
  await ask(item('甲'), item('乙'))
  await userEvent.click(screen.getByTestId('bulk-approve'))
  for (const [, how] of socket.send.mock.calls) expect(how).toEqual({ once: true })
  expect(outcomes()).toEqual([
    expect.stringMatching(/甲.*连接在答复前断开/),
    expect.stringMatching(/乙.*没有发出/),
  ])
})

test.each([
  [0, '不能撤回'],
  [8, '8 秒内可以撤回'],
])('before it is done it says whether it can be undone: %i s', async (seconds, words) => {
  undo_window = seconds
  await ask(item('甲'))
  expect(screen.getByTestId('bulk-undo')).toHaveTextContent(words)
})

test('where rooms differ each says for itself whether it can be called back', async () => {
  await ask(
    item('甲', { room_id: 'own' }),
    item('乙', { room_id: 'team' }),
    item('丙', { room_id: 'hand' }),
    item('丁', { room_id: 'hand', show: '大促' }),
  )
  expect(screen.getByTestId('bulk-undo')).toHaveTextContent('见每条')
  expect(outcomes()).toEqual([
    expect.stringMatching(/甲.*30 秒内可以撤回/),
    expect.stringMatching(/乙.*不能撤回/),
    expect.stringMatching(/丙.*排入直播间/),
    expect.stringMatching(/丁.*不能撤回/),
  ])
})

test('a room of its own that all are for is what counts, not the team', async () => {
  await ask(item('甲', { room_id: 'own' }), item('乙', { room_id: 'own' }))
  expect(screen.getByTestId('bulk-undo')).toHaveTextContent('30 秒内可以撤回')
})

test('three of one title are told apart by room, segment and time', async () => {
  const same = (id: string, room_name: string, scenario: string, at: string): QueueItem => {
    const one = item(id, { title: '保温杯', room_name, slots: { scenario } })
    return { ...one, interrupt: { ...one.interrupt, at } }
  }
  await ask(
    same('甲', '小雅的直播间', 'opening', '2026-01-01T02:00:00Z'),
    same('乙', '小雅的直播间', 'closing', '2026-01-01T02:00:00Z'),
    same('丙', '大刘的直播间', 'closing', '2026-01-01T02:05:00Z'),
  )
  expect(new Set(outcomes()).size).toBe(3)
  expect(outcomes()[0]).toMatch(/保温杯.*小雅的直播间 · 开场.*:00 送审/)
})

test('by one key only what I approved is called back, the last of it', () => {
  const held = [
    item('a', { approver_id: 'me' }),
    item('b', { approver_id: 'me' }),
    item('c', { approver_id: 'you' }),
  ]
  expect(lastOwn(held, 'me')?.interrupt.id).toBe('b')
  expect(lastOwn(held, 'nobody')).toBeUndefined()
  expect(lastOwn([item('d', { approver_id: null })], 'me')).toBeUndefined()
})

test('what I rejected can be taken back, the latest last, until it was; Z is about what I decided last', () => {
  const by = { id: 'me', name: '阿敏' }
  const rejected = (id: string, second: string, changes: object = {}): QueueItem => ({
    threadId: 't',
    interrupt: {
      id,
      status: 'reject',
      params: {},
      by,
      resolved_at: `2026-01-01T00:00:${second}Z`,
      undo_until: `2026-01-01T00:01:${second}Z`,
      ...changes,
    } as unknown as InterruptView,
  })
  const later = rejected('later', '20')
  const items = [
    later,
    rejected('first', '10'),
    rejected('hers', '30', { by: { id: 'you', name: '小林' } }),
    rejected('for good', '40', { undo_until: null }),
    rejected('back', '50'),
    item('again', { taken_back: { of: 'back', by_name: '阿敏' } }),
  ]
  const queue = new Map(items.map((one) => [one.interrupt.id, one]))
  expect(ownRejected(queue, 'me').map(({ interrupt }) => interrupt.id)).toEqual(['first', 'later'])
  const held = (at: string): QueueItem => ({ threadId: 't', interrupt: { id: 'held', at } as InterruptView })
  expect(lastDecided(held('2026-01-01T00:00:19Z'), later)).toBe(later)
  expect(lastDecided(held('2026-01-01T00:00:21Z'), later)?.interrupt.id).toBe('held')
  expect(lastDecided(undefined, later)).toBe(later)
  expect(lastDecided(undefined, undefined)).toBeUndefined()
})

test('what was rejected and taken back is looked at one by one', () => {
  const waits = {
    kind: 'script_approval',
    status: 'pending',
    on_air_at: null,
    allowed: ['approve'],
    claimed_by: null,
  }
  const asked = (params: object): QueueItem => ({
    threadId: 't',
    interrupt: { id: 'i', params, ...waits } as unknown as InterruptView,
  })
  expect(isClean(asked({}), 'me')).toBe(true)
  expect(isClean(asked({ taken_back: { of: 'old', by_name: '阿敏' } }), 'me')).toBe(false)
})
