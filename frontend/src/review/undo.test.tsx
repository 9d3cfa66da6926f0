import { act, fireEvent, render, screen } from '@testing-library/react'
import { MemoryRouter } from 'react-router'
import { beforeEach, expect, test, vi } from 'vitest'
import '../i18n'
import '../i18n/addWork'
import type { InterruptView } from '../generated/protocol'
import Rejected from './Rejected'

const me = { id: 'me', name: '阿敏' }
const socket = {
  clock: { now: () => Date.parse('2026-01-01T00:00:05Z') },
  send: vi.fn(async (_command: object, _how?: object): Promise<object> => ({})),
}
let state = 'open'
vi.mock('../shared/desk', () => ({
  useDesk: () => ({ socket, me: { user: me }, may: () => true }),
  useSocketStatus: () => ({ state }),
  useSecondsUntil: () => 5,
}))

const until = '2026-01-01T00:00:10Z'
const rejected = (id: string, second: number) =>
  ({
    id,
    status: 'reject',
    by: me,
    undo_until: until,
    resolved_at: `2026-01-01T00:00:0${second}Z`,
  }) as InterruptView
const show = (...interrupts: InterruptView[]) =>
  render(
    <MemoryRouter>
      {interrupts.map((one) => (
        <Rejected key={one.id} interrupt={one} until={until} back={undefined} onPage={false} />
      ))}
    </MemoryRouter>,
  )
const press = (key: string) => act(async () => void fireEvent.keyDown(window, { key }))
const takenBack = () => socket.send.mock.calls.map(([command]) => command)

beforeEach(() => {
  state = 'open'
  socket.send.mockReset().mockResolvedValue({})
})

test('of two rejections Z takes back the one that was made last, wherever it stands, and one key only that one', async () => {
  show(rejected('later', 2), rejected('earlier', 1))
  const [later, earlier] = screen.getAllByTestId('undo-reject')
  expect(later?.querySelector('kbd')).toHaveTextContent('Z')
  expect(earlier?.querySelector('kbd')).toBeNull()
  await press('z')
  expect(takenBack()).toMatchObject([{ type: 'undo', interrupt_id: 'later' }])
  // It is taken back: the next key is about the other one.
  expect(screen.getByTestId('undo-reject').querySelector('kbd')).toHaveTextContent('Z')
  await press('z')
  expect(takenBack()).toMatchObject([{ interrupt_id: 'later' }, { interrupt_id: 'earlier' }])
})

test('what was taken back offers nothing more, also when its question is never seen waiting', async () => {
  show(rejected('old', 1))
  await press('z')
  expect(screen.queryByTestId('undo-reject')).toBeNull()
  expect(screen.getByTestId('rejection-taken-back')).toHaveTextContent('阿敏 撤回了这次驳回')
})

test('without a line nothing is sent, and it says why; with one it is sent now or not at all', async () => {
  state = 'reconnecting'
  const { unmount } = show(rejected('old', 1))
  expect(screen.getByTestId('undo-reject')).toBeDisabled()
  expect(screen.getByText('连接断开，恢复后才能审批。')).toBeInTheDocument()
  await press('z')
  expect(socket.send).not.toHaveBeenCalled()
  unmount()
  state = 'open'
  show(rejected('old', 1))
  await press('z')
  expect(socket.send.mock.calls[0]?.[1]).toEqual({ once: true })
})
