import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AnyFrame, AnyThreadEvent } from '../generated/protocol'
import { emptyThread } from './reducer'
import { type Line, ThreadSession } from './session'

const thread_id = 'a0000000-0000-7000-8000-000000000001'
const message_id = 'a0000000-0000-7000-8000-000000000002'
const base = { thread_id, event_id: thread_id, at: null, run_id: null, attempt: 1 }
const started = (seq: number, attempt = 1): AnyThreadEvent => ({
  ...base,
  seq,
  attempt,
  type: 'message_started',
  message_id,
  agent: 'script',
})
const complete = (seq: number, content: string): AnyThreadEvent => ({
  ...base,
  seq,
  type: 'message_complete',
  message_id,
  role: 'assistant',
  agent: 'script',
  content,
  status: 'complete',
  author: null,
  usage: null,
})
const token = (i: number, content: string, attempt = 1): AnyFrame => ({
  type: 'token',
  thread_id,
  message_id,
  agent: 'script',
  attempt,
  i,
  n: 1,
  content,
})

class FakeLine implements Line {
  resubscribed = 0
  onFrame: (frame: AnyFrame) => void = () => {}
  subscribe(_topic: string, _after: () => number, onFrame: (frame: AnyFrame) => void) {
    this.onFrame = onFrame
    return () => {}
  }
  resubscribe() {
    this.resubscribed += 1
  }
}

let line: FakeLine
let session: ThreadSession
beforeEach(async () => {
  vi.useFakeTimers()
  line = new FakeLine()
  session = new ThreadSession(line, thread_id, async () => emptyThread)
  await session.open()
})
afterEach(() => {
  session.close()
  vi.useRealTimers()
})

const live = () => session.live.getState()[message_id]?.text
const message = () => session.state.getState().thread.messages[0]

test('tokens are gathered and published once in 50 ms', () => {
  const published = vi.fn()
  session.live.subscribe(published)
  line.onFrame(started(1))
  for (let i = 0; i < 20; i += 1) line.onFrame(token(i, '字'))
  expect(published).not.toHaveBeenCalled()
  vi.advanceTimersByTime(50)
  expect(published).toHaveBeenCalledTimes(1)
  expect(live()).toBe('字'.repeat(20))
})

test('the whole text replaces the text under way, and late tokens do not bring it back', () => {
  line.onFrame(started(1))
  line.onFrame(token(0, '半'))
  line.onFrame(complete(2, '全文'))
  line.onFrame(token(1, '句'))
  vi.advanceTimersByTime(100)
  expect(live()).toBeUndefined()
  expect(message()?.content).toBe('全文')
})

test('a later attempt begins anew', () => {
  line.onFrame(started(1))
  line.onFrame(token(0, '第一次'))
  line.onFrame(started(2, 2))
  line.onFrame(token(0, '第二次', 2))
  line.onFrame(token(1, '迟到', 1))
  vi.advanceTimersByTime(50)
  expect(live()).toBe('第二次')
})

test('a gap in the tokens is asked for once, and the snapshot fills it', () => {
  line.onFrame(started(1))
  line.onFrame(token(0, '一'))
  line.onFrame(token(5, '六'))
  line.onFrame(token(6, '七'))
  expect(line.resubscribed).toBe(1)
  line.onFrame({ ...token(0, ''), type: 'message_snapshot', i: 7, content: '一二三四五六七' } as AnyFrame)
  line.onFrame(token(7, '八'))
  vi.advanceTimersByTime(50)
  expect(live()).toBe('一二三四五六七八')
})

test('pieces that were joined for a slow reader count as many', () => {
  line.onFrame(started(1))
  line.onFrame({ ...token(0, '一二三'), n: 3 } as AnyFrame)
  line.onFrame(token(3, '四'))
  line.onFrame({ ...token(2, '三四'), n: 2 } as AnyFrame)
  vi.advanceTimersByTime(50)
  expect(line.resubscribed).toBe(0)
  expect(live()).toBe('一二三四')
})

test('after a broken line it says how much was caught up, and only then', () => {
  line.onFrame({ type: 'subscribed', topic: session.topic, seq: 0 })
  expect(session.state.getState()).toMatchObject({ phase: 'ready', caughtUp: null })
  session.away()
  line.onFrame(started(1))
  line.onFrame(complete(2, '全文'))
  line.onFrame({ type: 'subscribed', topic: session.topic, seq: 2 })
  expect(session.state.getState().caughtUp?.count).toBe(2)
})

test('a late piece of a message that was cancelled from outside is not shown', () => {
  line.onFrame(started(1))
  line.onFrame(token(0, '半'))
  const whole = complete(2, '半')
  line.onFrame({ ...whole, attempt: null, status: 'cancelled' } as AnyFrame)
  line.onFrame(token(1, '句'))
  line.onFrame(token(0, '又', 2))
  vi.advanceTimersByTime(100)
  expect(message()).toMatchObject({ status: 'cancelled', attempt: 1, content: '半' })
  expect(live()).toBeUndefined()
})

test('what a later attempt has said already outlives the end of an earlier one', () => {
  line.onFrame(started(1))
  line.onFrame(token(0, '新', 2))
  line.onFrame(complete(2, '旧'))
  line.onFrame(started(3, 2))
  line.onFrame(token(1, '稿', 2))
  vi.advanceTimersByTime(50)
  expect(live()).toBe('新稿')
  expect(line.resubscribed).toBe(0)
})

test('a fact of a kind that this page does not know counts, and is ignored', () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  line.onFrame(started(1))
  line.onFrame({ ...base, type: 'a_kind_of_tomorrow', seq: 2 } as unknown as AnyFrame)
  line.onFrame({ type: 'weather', thread_id } as unknown as AnyFrame)
  expect(session.state.getState().thread).toMatchObject({ seq: 2, messages: [{ id: message_id }] })
  warned.mockRestore()
})

test('a resync whose snapshot could not be read is tried again by itself, with what was read in view', async () => {
  let fails = false
  const problem = { code: 'storage_unavailable', message: '', retryable: true }
  const reads = vi.fn(() => (fails ? Promise.reject(problem) : Promise.resolve({ ...emptyThread, seq: 7 })))
  const other = new ThreadSession(line, thread_id, reads)
  await other.open()
  fails = true
  const resync = { topic: other.topic, reason: 'too_far_behind', snapshot_url: '/s' }
  line.onFrame({ type: 'resync_required', ...resync } as AnyFrame)
  await vi.advanceTimersByTimeAsync(0)
  expect(other.state.getState()).toMatchObject({ phase: 'loading', thread: { seq: 7 }, problem })
  fails = false
  await vi.advanceTimersByTimeAsync(2000)
  expect(line.resubscribed).toBe(1)
  expect(other.state.getState().problem).toBeNull()
  other.close()
})

test('what cannot be read for good is not asked for again; what waits for the server is, until the page is left', async () => {
  let retryable = false
  const reads = vi.fn(() => Promise.reject({ code: 'not_found', message: '', retryable }))
  const gone = new ThreadSession(line, thread_id, reads)
  await gone.open()
  expect(gone.state.getState()).toMatchObject({ phase: 'failed', problem: { retryable: false } })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(reads).toHaveBeenCalledTimes(1)
  retryable = true
  await gone.open()
  expect(gone.state.getState().phase).toBe('failed')
  await vi.advanceTimersByTimeAsync(2000)
  expect(reads).toHaveBeenCalledTimes(3)
  gone.close()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(reads).toHaveBeenCalledTimes(3)
})

test('that text comes whole is said until pieces flow again, or another line says nothing of it', () => {
  const whole = () => session.state.getState().whole
  expect(whole()).toBe(false)
  session.receive({ type: 'degraded', tokens: false })
  expect(whole()).toBe(true)
  session.receive({ type: 'degraded', tokens: true })
  expect(whole()).toBe(false)
  session.receive({ type: 'degraded', tokens: false })
  session.away()
  expect(whole()).toBe(false)
})
