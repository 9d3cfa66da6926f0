import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AnyFrame, ThreadSnapshot } from '../generated/protocol'
import { Subscription } from '../wire/subscription'
import { seqOf } from '../wire/topics'
import { emptyThread } from './reducer'
import { type Line, ThreadSession } from './session'

/** What `tests/support/make_traces.py` wrote: what one client was sent, what it read, and what it had to show. */
type Step = { frame: AnyFrame } | { snapshot: ThreadSnapshot } | { view: View }
interface View {
  thread: ThreadSnapshot
  texts: Record<string, { attempt: number; text: string }>
}

const folder = '../tests/support/traces/sessions'
const sessions = readdirSync(folder).map((name) => ({
  name,
  steps: JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Step[],
}))

/** The tab's socket as far as one subscription goes, without the socket. */
class Replay implements Line {
  readonly session: ThreadSession
  private subscription: Subscription | undefined
  private waiting: ((snapshot: ThreadSnapshot) => void) | undefined

  constructor(threadId: string) {
    this.session = new ThreadSession(this, threadId, () => new Promise((resolve) => (this.waiting = resolve)))
  }

  subscribe(topic: string, afterSeq: () => number, onFrame: (frame: AnyFrame) => void) {
    const resubscribe = () => this.resubscribe()
    this.subscription = new Subscription({ topic, afterSeq, onFrame, resubscribe })
    return () => this.subscription?.close()
  }

  resubscribe() {
    if (this.subscription) this.subscription.paused = false
  }

  receive(frame: AnyFrame) {
    this.subscription?.receive(frame)
  }

  async read(snapshot: ThreadSnapshot) {
    this.waiting?.(structuredClone(snapshot))
    await vi.advanceTimersByTimeAsync(0)
  }

  async view(): Promise<View> {
    await vi.advanceTimersByTimeAsync(60)
    const { thread } = this.session.state.getState()
    const live = this.session.live.getState()
    const texts: View['texts'] = {}
    for (const { id, status } of thread.messages) {
      const text = live[id]
      if (status === 'writing' && text) texts[id] = { attempt: text.attempt, text: text.text }
    }
    return JSON.parse(JSON.stringify({ thread, texts }))
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

async function opened(steps: readonly Step[]): Promise<Replay> {
  const first = steps
    .map((step) => ('frame' in step ? step.frame : undefined))
    .find((frame) => seqOf(frame ?? ({} as AnyFrame)))
  const replay = new Replay(first && 'thread_id' in first && first.thread_id ? first.thread_id : 'none')
  const opening = replay.session.open()
  await replay.read(emptyThread)
  await opening
  return replay
}

test('there are sessions to play, with everything that can happen to one', () => {
  expect(sessions.length).toBeGreaterThan(8)
  const frames = sessions.flatMap(({ steps }) =>
    steps.flatMap((step) => ('frame' in step ? [step.frame] : [])),
  )
  const types = new Set<string>(frames.map(({ type }) => type))
  for (const type of ['token', 'message_snapshot', 'resync_required', 'a_kind_of_tomorrow'])
    expect(types).toContain(type)
  expect(frames.some((frame) => frame.type === 'token' && frame.n > 1)).toBe(true)
  expect(frames.some((frame) => frame.type === 'token' && frame.attempt > 1)).toBe(true)
})

describe.each(sessions)('session $name', ({ steps }) => {
  test('the browser shows at every rest what the reference client showed', async () => {
    const replay = await opened(steps)
    for (const step of steps) {
      if ('frame' in step) replay.receive(step.frame)
      else if ('snapshot' in step) await replay.read(step.snapshot)
      else expect(await replay.view()).toEqual(step.view)
    }
    replay.session.close()
  })

  test('frames that come twice change nothing', async () => {
    const replay = await opened(steps)
    for (const [place, step] of steps.entries()) {
      if ('frame' in step) {
        replay.receive(step.frame)
        if (place % 3 === 0 && step.frame.type !== 'resync_required') replay.receive(step.frame)
      } else if ('snapshot' in step) await replay.read(step.snapshot)
      else expect(await replay.view()).toEqual(step.view)
    }
    replay.session.close()
  })
})
