import { act, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import '../i18n'
import '../i18n/addWork'
import type { InterruptView } from '../generated/protocol'
import { HoldStrip } from './HoldStrip'
import type { Queue } from './queue'

const me = { id: 'me', name: '阿敏' }
const socket = {
  clock: { now: () => Date.parse('2026-01-01T00:00:05Z') },
  send: vi.fn(async (_command: object, _how?: object): Promise<object> => ({})),
}
let state = 'open'
vi.mock('../shared/desk', () => ({
  useDesk: () => ({ socket, me: { user: me } }),
  useSocketStatus: () => ({ state }),
  useSecondsUntil: () => 5,
}))
const navigate = vi.fn()
vi.mock('react-router', async (original) => ({ ...(await original<object>()), useNavigate: () => navigate }))

const view = (id: string, changes: object = {}): [string, Queue extends Map<string, infer T> ? T : never] =>
  [
    id,
    { threadId: 't', interrupt: { id, status: 'pending', on_air_at: null, params: {}, ...changes } },
  ] as never
const rejected = view('old', {
  status: 'reject',
  by: me,
  resolved_at: '2026-01-01T00:00:01Z',
  undo_until: '2026-01-01T00:00:10Z',
  params: { title: '保温杯开场' },
})
const back = view('new', { params: { taken_back: { of: 'old', by_name: '阿敏' } } as Partial<InterruptView> })
const before: Queue = new Map([rejected])
const after: Queue = new Map([rejected, back])
const z = () => act(async () => void fireEvent.keyDown(window, { key: 'z' }))

beforeEach(() => {
  state = 'open'
  socket.send.mockReset().mockResolvedValue({})
  navigate.mockReset()
  history.replaceState(null, '', '/approvals/old')
})
afterEach(() => vi.useRealTimers())

test('who takes a rejection back goes on where it waits again, and it is offered no more before that', async () => {
  const { rerender } = render(<HoldStrip queue={before} />)
  await z()
  expect(socket.send.mock.calls[0]).toMatchObject([{ type: 'undo', interrupt_id: 'old' }, { once: true }])
  expect(screen.queryByTestId('rejected-item')).toBeNull()
  rerender(<HoldStrip queue={after} />)
  expect(navigate).toHaveBeenCalledWith('/approvals/new')
})

test('who is at something else by then stays there', async () => {
  const { rerender } = render(<HoldStrip queue={before} />)
  await z()
  history.replaceState(null, '', '/approvals/another')
  rerender(<HoldStrip queue={after} />)
  expect(navigate).not.toHaveBeenCalled()
})

test('without a line it is off, and says why', async () => {
  state = 'reconnecting'
  render(<HoldStrip queue={before} />)
  expect(screen.getByTestId('undo-rejected')).toBeDisabled()
  expect(screen.getByText('连接断开，恢复后才能审批。')).toBeInTheDocument()
  await z()
  expect(socket.send).not.toHaveBeenCalled()
})

test('that it was too late names the script, and goes by itself', async () => {
  vi.useFakeTimers()
  socket.send.mockRejectedValueOnce({ code: 'undo_over', message: '' })
  render(<HoldStrip queue={before} />)
  await z()
  expect(screen.getByTestId('undo-refused')).toHaveTextContent('保温杯开场 来不及撤回了。')
  act(() => void vi.advanceTimersByTime(60_000))
  expect(screen.queryByTestId('undo-refused')).toBeNull()
})

const held = view('hold', {
  on_air_at: '2026-01-01T00:00:08Z',
  at: '2026-01-01T00:00:03Z',
  params: { title: '保温杯开场', approver_id: 'me', of: 'old' },
})

test('who calls an approval back goes on where it waits again', async () => {
  const { rerender } = render(<HoldStrip queue={new Map([held])} />)
  await z()
  const again = view('new', {
    params: { called_back: { of: 'old', by_name: '阿敏' } } as Partial<InterruptView>,
  })
  rerender(<HoldStrip queue={new Map([again])} />)
  expect(navigate).toHaveBeenCalledWith('/approvals/new')
})

test('one that was on screen before it could be called back says so', async () => {
  socket.send.mockRejectedValueOnce({ code: 'already_resolved', details: { decision: 'on_air' } })
  render(<HoldStrip queue={new Map([held])} />)
  await z()
  expect(screen.getByTestId('undo-refused')).toHaveTextContent('保温杯开场 来不及撤回了：已经上屏。')
})
