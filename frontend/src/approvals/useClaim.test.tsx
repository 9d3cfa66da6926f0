import { act, renderHook } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { InterruptView } from '../generated/protocol'
import { useClaim } from './useClaim'

const me = { id: 'me', name: '阿敏' }
const you = { id: 'you', name: '小林' }
let tell: (status: { state: string }) => void = () => {}
const socket = {
  send: vi.fn(async (_command: object) => ({})),
  post: vi.fn((_command: object) => true),
  subscribe: () => () => {},
  onStatus: (listener: typeof tell) => {
    tell = listener
    return () => {}
  },
}
vi.mock('../shared/desk', () => ({ useDesk: () => ({ socket, me: { user: me } }) }))

const waiting = (changes: Partial<InterruptView> = {}) =>
  ({ id: 'i', status: 'pending', on_air_at: null, claimed_by: null, ...changes }) as InterruptView
const open = (interrupt = waiting()) =>
  renderHook(({ interrupt }) => useClaim(interrupt), { initialProps: { interrupt } })
const claimed = async () => {
  const page = open()
  await act(() => page.result.current.claim(false))
  page.rerender({ interrupt: waiting({ claimed_by: me }) })
  return page
}
const seen = (state: DocumentVisibilityState) => {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state)
  document.dispatchEvent(new Event('visibilitychange'))
}
const claim = { type: 'claim', interrupt_id: 'i', take_over: false }
const release = { type: 'release', interrupt_id: 'i' }

beforeEach(() => {
  vi.useFakeTimers()
  socket.send.mockReset().mockResolvedValue({})
  socket.post.mockReset().mockReturnValue(true)
})
afterEach(() => vi.useRealTimers())

test('a claim is prolonged while the page is seen, not while it is hidden, and at once when it is seen again', async () => {
  await claimed()
  vi.advanceTimersByTime(30_000)
  expect(socket.post.mock.calls).toEqual([[claim]])
  seen('hidden')
  vi.advanceTimersByTime(300_000)
  expect(socket.post).toHaveBeenCalledTimes(1)
  seen('visible')
  expect(socket.post).toHaveBeenCalledTimes(2)
})

test('a claim that lapsed while the tab slept or the line was down is asked for again, without taking over', async () => {
  const page = await claimed()
  page.rerender({ interrupt: waiting() })
  vi.advanceTimersByTime(60_000)
  expect(socket.post).not.toHaveBeenCalled()
  tell({ state: 'reconnecting' })
  expect(socket.post).not.toHaveBeenCalled()
  tell({ state: 'open' })
  expect(socket.post.mock.calls).toEqual([[claim]])
})

test('what everybody was told is done, also while the answer is under way', async () => {
  socket.send.mockReturnValue(new Promise(() => {}))
  const page = open()
  act(() => void page.result.current.claim(false))
  expect(page.result.current.busy).toBe(true)
  page.rerender({ interrupt: waiting({ claimed_by: me }) })
  expect(page.result.current.busy).toBe(false)
  act(() => void page.result.current.release())
  expect(page.result.current.busy).toBe(true)
})

test('what a colleague took over is neither asked for again nor given back', async () => {
  const page = await claimed()
  page.rerender({ interrupt: waiting({ claimed_by: you }) })
  tell({ state: 'open' })
  seen('visible')
  page.unmount()
  expect(socket.post).not.toHaveBeenCalled()
})

test('who goes on to something else or leaves gives back what this tab claimed, and only that', async () => {
  const asked = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response())
  const page = await claimed()
  window.dispatchEvent(new Event('pagehide'))
  const leaving = { method: 'POST', keepalive: true }
  expect(asked.mock.calls).toEqual([['/api/v1/interrupts/i/release', leaving]])
  page.unmount()
  expect(socket.post.mock.calls).toEqual([[release]])

  const other = open(waiting({ claimed_by: me }))
  window.dispatchEvent(new Event('pagehide'))
  other.unmount()
  expect([asked.mock.calls.length, socket.post.mock.calls.length]).toEqual([1, 1])
})

test('a claim that is granted after one went on is given back', async () => {
  let grant: (ack: object) => void = () => {}
  socket.send.mockReturnValueOnce(new Promise((resolve) => (grant = resolve)))
  const page = open()
  const asked = page.result.current.claim(false)
  page.unmount()
  expect(socket.post).not.toHaveBeenCalled()
  grant({})
  await asked
  expect(socket.post.mock.calls).toEqual([[release]])
})

test('to work on it claims it once, never what a colleague has, and not again what was refused', async () => {
  const theirs = open(waiting({ claimed_by: you }))
  theirs.result.current.engage()
  const decided = open(waiting({ status: 'approve' }))
  decided.result.current.engage()
  expect(socket.send).not.toHaveBeenCalled()

  const page = open()
  await act(async () => page.result.current.engage())
  page.rerender({ interrupt: waiting({ claimed_by: me }) })
  await act(async () => page.result.current.engage())
  expect(socket.send).toHaveBeenCalledTimes(1)

  socket.send.mockRejectedValue({ code: 'rate_limited' })
  const refused = open()
  await act(async () => refused.result.current.engage())
  await act(async () => refused.result.current.engage())
  expect(socket.send).toHaveBeenCalledTimes(2)
  expect(refused.result.current.problem).toEqual({ code: 'rate_limited' })
})
