import type { AnyFrame, Problem } from '../generated/protocol'
import { seqOf } from './topics'

/** How long a frame ahead of its turn may wait for the ones before it. */
export const GAP_MS = 1500
const REMEMBERED_EVENTS = 512

export interface SubscriptionOptions {
  topic: string
  /** The last `seq` the subscriber has applied (0: nothing); asked at every (re-)subscribe. */
  afterSeq: () => number
  onFrame: (frame: AnyFrame) => void
  /** The server refused the subscription (forbidden, not found). */
  onProblem?: ((problem: Problem) => void) | undefined
  /** Ask the server for everything after the cursor again. */
  resubscribe: () => void
}

/**
 * One subscriber's view of a topic. A thread's facts are handed on once each and in order of `seq`, although the same
 * fact may arrive twice (thread and approvals topic share the socket) and out of turn.
 */
export class Subscription {
  readonly topic: string
  /** Waiting for the subscriber to read the snapshot; nothing is subscribed meanwhile. */
  paused = false
  readonly #options: SubscriptionOptions
  #cursor = 0
  #ahead = new Map<number, AnyFrame>()
  #gapTimer: ReturnType<typeof setTimeout> | undefined
  #askedAt: number | undefined
  #seen = new Set<string>()

  constructor(options: SubscriptionOptions) {
    this.#options = options
    this.topic = options.topic
  }

  /** Where to go on reading: what was applied, or what was handed on if that is further. */
  get after(): number {
    this.#cursor = Math.max(this.#cursor, this.#options.afterSeq())
    return this.#cursor
  }

  /** Void the cursor: the next subscription starts at the subscriber's `afterSeq()`. */
  rewind(): void {
    this.#cursor = 0
    this.close()
  }

  /** Stop timers and drop what waits for its turn. */
  close(): void {
    clearTimeout(this.#gapTimer)
    this.#gapTimer = undefined
    this.#askedAt = undefined
    this.#ahead.clear()
  }

  /** The server refused to serve this topic. */
  refuse(problem: Problem): void {
    this.#options.onProblem?.(problem)
  }

  receive(frame: AnyFrame): void {
    if (frame.type === 'resync_required') {
      this.paused = true
      this.rewind()
      this.#options.onFrame(frame)
      return
    }
    const seq = seqOf(frame)
    if (seq === undefined) {
      this.#options.onFrame(frame)
    } else if (this.topic.startsWith('thread:')) {
      this.#inTurn(seq, frame)
    } else if (this.#isNew(frame)) {
      this.#options.onFrame(frame)
    }
  }

  #inTurn(seq: number, frame: AnyFrame): void {
    const after = this.after
    if (this.paused || seq <= after) return
    this.#ahead.set(seq, frame)
    this.#handOn()
    if (this.#ahead.size > 0 && this.#gapTimer === undefined) {
      this.#gapTimer = setTimeout(() => this.#closeGap(), GAP_MS)
    }
  }

  #handOn(): void {
    for (let next = this.#ahead.get(this.#cursor + 1); next; next = this.#ahead.get(this.#cursor + 1)) {
      this.#cursor += 1
      this.#ahead.delete(this.#cursor)
      this.#options.onFrame(next)
    }
    if (this.#ahead.size === 0) {
      clearTimeout(this.#gapTimer)
      this.#gapTimer = undefined
    }
  }

  /** Facts are still missing: ask for them once; if the server does not have them either, go on without. */
  #closeGap(): void {
    this.#gapTimer = undefined
    if (this.#ahead.size === 0) return
    if (this.#askedAt !== this.#cursor) {
      this.#askedAt = this.#cursor
      this.#gapTimer = setTimeout(() => this.#closeGap(), GAP_MS)
      this.#options.resubscribe()
      return
    }
    console.warn(`${this.topic}: events lost after ${this.#cursor}`)
    this.#cursor = Math.min(...this.#ahead.keys()) - 1
    this.#handOn()
    if (this.#ahead.size > 0) this.#gapTimer = setTimeout(() => this.#closeGap(), GAP_MS)
  }

  #isNew(frame: AnyFrame): boolean {
    const id = 'event_id' in frame ? frame.event_id : undefined
    if (!id) return true
    if (this.#seen.has(id)) return false
    this.#seen.add(id)
    if (this.#seen.size > REMEMBERED_EVENTS) {
      const oldest = this.#seen.values().next()
      if (!oldest.done) this.#seen.delete(oldest.value)
    }
    return true
  }
}
