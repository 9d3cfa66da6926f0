import { act, renderHook } from '@testing-library/react'
import { beforeEach, expect, test, vi } from 'vitest'
import { CommandRefused } from '../wire/socket'
import { useSend } from './useSend'

const sent = vi.fn()
vi.mock('../shared/desk', () => ({ useDesk: () => ({ socket: { send: sent } }) }))

const refused = (code: string) =>
  new CommandRefused({ code, message: code, retryable: true, retry_after_ms: null, details: {} } as never)
const slots = {}

beforeEach(() => {
  sent.mockReset()
  localStorage.clear()
  sessionStorage.clear()
})

test('sent again after a broken line, a message is the same command, whatever is at work by now', async () => {
  const { result } = renderHook(() => useSend(slots))
  sent.mockRejectedValueOnce(refused('disconnected'))
  await act(() => result.current.send('t', '写一段', 'reject'))
  expect(result.current.refusal?.code).toBe('disconnected')
  // The server took it before the line broke: its own run is nearly over.
  await act(() => result.current.send('t', '写一段', 'enqueue'))
  expect(sent.mock.calls[1]).toEqual(sent.mock.calls[0])
  await act(() => result.current.send('t', '写一段', 'enqueue'))
  expect(sent.mock.calls[2]?.[0].id).not.toBe(sent.mock.calls[0]?.[0].id)
})

test('what the server refused is another command when it is sent in another way', async () => {
  const { result } = renderHook(() => useSend(slots))
  sent.mockRejectedValueOnce(refused('thread_busy'))
  await act(() => result.current.send('t', '写一段', 'reject'))
  await act(() => result.current.send('t', '写一段', 'interrupt'))
  const [first, second] = sent.mock.calls.map(([command]) => command)
  expect(second).toMatchObject({ multitask: 'interrupt', content: '写一段' })
  expect(second.id).not.toBe(first.id)
})
