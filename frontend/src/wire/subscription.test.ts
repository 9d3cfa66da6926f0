import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AnyFrame } from '../generated/protocol'
import { backoff, mayReturn } from './backoff'
import { ServerClock } from './clock'
import { uuid7 } from './ids'
import { GAP_MS, Subscription } from './subscription'

const event = (seq: number): AnyFrame =>
  ({ type: 'interrupt', thread_id: 'x', seq, event_id: `e${seq}` }) as unknown as AnyFrame

function follow(topic: string, afterSeq = () => 0) {
  const seen: AnyFrame[] = []
  const resubscribe = vi.fn()
  const subscription = new Subscription({
    topic,
    afterSeq,
    onFrame: (frame) => seen.push(frame),
    resubscribe,
  })
  const seqs = () => seen.map((frame) => ('seq' in frame ? frame.seq : frame.type))
  return { subscription, seqs, resubscribe }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a subscription', () => {
  it('hands facts on once and in order, whichever way they come', () => {
    const { subscription, seqs } = follow('thread:x')
    for (const seq of [1, 3, 2, 3, 1, 4]) subscription.receive(event(seq))
    expect(seqs()).toEqual([1, 2, 3, 4])
    expect(subscription.after).toBe(4)
  })

  it('starts after what the subscriber has', () => {
    const { subscription, seqs } = follow('thread:x', () => 7)
    subscription.receive(event(7))
    subscription.receive(event(8))
    expect(seqs()).toEqual([8])
  })

  it('asks again for a fact that does not come, then goes on without it', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const { subscription, seqs, resubscribe } = follow('thread:x')
    subscription.receive(event(2))
    vi.advanceTimersByTime(GAP_MS)
    expect(resubscribe).toHaveBeenCalledTimes(1)
    expect(seqs()).toEqual([])
    vi.advanceTimersByTime(GAP_MS)
    expect(seqs()).toEqual([2])
  })

  it('does not ask when the fact comes in time', () => {
    const { subscription, resubscribe } = follow('thread:x')
    subscription.receive(event(2))
    subscription.receive(event(1))
    vi.advanceTimersByTime(GAP_MS * 3)
    expect(resubscribe).not.toHaveBeenCalled()
  })

  it('waits after resync_required until the snapshot is read', () => {
    let applied = 3
    const { subscription, seqs } = follow('thread:x', () => applied)
    subscription.receive({
      type: 'resync_required',
      topic: 'thread:x',
      reason: 'too_far_behind',
      snapshot_url: '/s',
    })
    subscription.receive(event(900))
    expect(seqs()).toEqual(['resync_required'])
    applied = 899
    subscription.paused = false
    subscription.receive(event(900))
    expect(seqs()).toEqual(['resync_required', 900])
  })

  it('gives the approvals of many threads without their order, each once', () => {
    const { subscription, seqs } = follow('approvals')
    for (const seq of [9, 4, 9]) subscription.receive(event(seq))
    expect(seqs()).toEqual([9, 4])
  })
})

describe('the connection', () => {
  it('waits anywhere below a growing bound', () => {
    expect(backoff(0, () => 0.999)).toBeLessThan(500)
    expect(backoff(3, () => 0.999)).toBeGreaterThan(3900)
    expect(backoff(99, () => 0.999)).toBeLessThanOrEqual(15_000)
    expect(backoff(5, () => 0)).toBe(50)
  })

  it('comes back unless the server said not to', () => {
    expect([1006, 1001, 4000, 4008].every(mayReturn)).toBe(true)
    expect([4501, 4504].some(mayReturn)).toBe(false)
  })

  it('reads the server clock from the median, not from a slow answer', () => {
    const clock = new ServerClock()
    const at = (ms: number) => new Date(ms).toISOString()
    for (const slow of [0, 0, 4000, 0, 0]) clock.sample(at(60_000), 0, slow)
    expect(clock.offset).toBe(60_000)
  })

  it('makes command ids of version 7 that sort by time', () => {
    const early = uuid7(1_700_000_000_000)
    expect(early).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(early < uuid7(1_700_000_000_001)).toBe(true)
    expect(Number.parseInt(early.replace('-', '').slice(0, 12), 16)).toBe(1_700_000_000_000)
  })
})
