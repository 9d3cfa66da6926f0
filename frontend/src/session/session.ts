import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AnyFrame, MessageView, Problem, ThreadSnapshot } from '../generated/protocol'
import { drop, type LiveTexts, mergeInto } from '../wire/tokens'
import { apply, emptyThread, isThreadEvent } from './reducer'

/** What the session needs of the tab's socket. */
export interface Line {
  subscribe(
    topic: string,
    afterSeq: () => number,
    onFrame: (frame: AnyFrame) => void,
    onProblem?: (problem: Problem) => void,
  ): () => void
  resubscribe(topic: string): void
}

export interface SessionState {
  readonly thread: ThreadSnapshot
  /** `loading` until the thread's past is complete; `failed` when it cannot be read. */
  readonly phase: 'loading' | 'ready' | 'failed'
  readonly problem: { code: string; message: string; retryable: boolean } | null
  /** Events that arrived between a reconnect and being caught up; `at` makes each occasion distinct. */
  readonly caughtUp: { count: number; at: number } | null
  /** Text comes at once when it is done, not piece by piece: the server's way for pieces is away. */
  readonly whole: boolean
}

const PUBLISH_MS = 50
const ASK_AGAIN_MS = 1000
const READ_AGAIN_MS = 2000

/**
 * One thread on screen. Lane A goes through the reducer into `state`; lane B is gathered and published to `live` at most
 * every 50 ms, so that only the bubble under way is drawn again.
 */
export class ThreadSession {
  readonly threadId: string
  readonly state: StoreApi<SessionState>
  readonly live: StoreApi<LiveTexts>
  readonly #line: Line
  readonly #readSnapshot: (threadId: string) => Promise<ThreadSnapshot>
  #texts: LiveTexts = {}
  #publishing: ReturnType<typeof setTimeout> | undefined
  #unsubscribe: (() => void) | undefined
  #askedForText = 0
  #readingAgain: ReturnType<typeof setTimeout> | undefined
  #arrived = 0
  #awaySince: number | undefined
  #closed = false

  constructor(line: Line, threadId: string, readSnapshot: (threadId: string) => Promise<ThreadSnapshot>) {
    this.#line = line
    this.threadId = threadId
    this.#readSnapshot = readSnapshot
    this.state = createStore<SessionState>(() => ({
      thread: emptyThread,
      phase: 'loading',
      problem: null,
      caughtUp: null,
      whole: false,
    }))
    this.live = createStore<LiveTexts>(() => ({}))
  }

  get topic(): string {
    return `thread:${this.threadId}`
  }

  /**
   * Read the thread's present state, then follow it until `close`. What the server was only away for is tried again until it
   * is back; may be called again before.
   */
  async open(): Promise<void> {
    clearTimeout(this.#readingAgain)
    if (!(await this.#load()) || this.#closed) return
    if (this.#unsubscribe) {
      // The snapshot could not be read after `resync_required`: the subscription still waits for it.
      this.#line.resubscribe(this.topic)
      return
    }
    this.#unsubscribe = this.#line.subscribe(
      this.topic,
      () => this.state.getState().thread.seq,
      (frame) => this.receive(frame),
      (problem) => this.state.setState({ phase: 'failed', problem }),
    )
  }

  close(): void {
    this.#closed = true
    this.#unsubscribe?.()
    clearTimeout(this.#publishing)
    clearTimeout(this.#readingAgain)
  }

  /** The line is down: count what has to be caught up when it is back. */
  away(): void {
    this.#awaySince ??= Date.now()
    this.#arrived = 0
    // The next connection says so again if it is still so.
    this.state.setState({ whole: false })
  }

  /** Take one frame of this thread or of none (`degraded`), in any order and any number of times. */
  receive(frame: AnyFrame): void {
    if (frame.type === 'token' || frame.type === 'message_snapshot') {
      this.#lay(frame)
    } else if (frame.type === 'resync_required') {
      void this.#load().then((read) => read && this.#line.resubscribe(this.topic))
    } else if (frame.type === 'degraded') {
      this.state.setState({ whole: !frame.tokens })
    } else if (frame.type === 'subscribed') {
      this.#complete()
    } else if (isThreadEvent(frame)) {
      this.#fold(frame)
    }
  }

  async #load(): Promise<boolean> {
    try {
      const thread = await this.#readSnapshot(this.threadId)
      if (this.#closed) return false
      this.state.setState({ thread, problem: null })
      // What was shown belongs to the past that was read anew; subscribing brings what is under way.
      this.#publish({})
      return true
    } catch (error) {
      const problem = error as { code?: string; message?: string; retryable?: boolean }
      const { code = 'unreachable', message = '', retryable = true } = problem
      if (this.#closed) return false
      // What was read before stays in view while it is tried again.
      const known = this.state.getState().thread !== emptyThread
      this.state.setState({
        phase: known && retryable ? 'loading' : 'failed',
        problem: { code, message, retryable },
      })
      clearTimeout(this.#readingAgain)
      if (retryable) this.#readingAgain = setTimeout(() => void this.open(), READ_AGAIN_MS)
      return false
    }
  }

  #fold(event: Parameters<typeof apply>[1]): void {
    const before = this.state.getState().thread
    const thread = apply(before, event)
    if (thread === before) return
    this.#arrived += 1
    this.state.setState({ thread })
    if (
      event.type === 'message_started' ||
      event.type === 'message_complete' ||
      event.type === 'clarification'
    ) {
      const text = this.#texts[event.message_id]
      const message = this.#message(event.message_id)
      if (text && message && isOver(message, text.attempt)) this.#publish(drop(this.#texts, event.message_id))
    }
  }

  #message(id: string): MessageView | undefined {
    return this.state.getState().thread.messages.find((message) => message.id === id)
  }

  #complete(): void {
    const caughtUp = this.#awaySince === undefined ? null : { count: this.#arrived, at: Date.now() }
    this.#awaySince = undefined
    this.state.setState(caughtUp?.count ? { phase: 'ready', caughtUp } : { phase: 'ready' })
  }

  #lay(frame: Extract<AnyFrame, { type: 'token' | 'message_snapshot' }>): void {
    const message = this.#message(frame.message_id)
    if (message && isOver(message, frame.attempt)) return
    const { texts, outcome } = mergeInto(this.#texts, frame)
    if (outcome === 'gap') {
      this.#askForText()
      return
    }
    this.#texts = texts
    this.#publishing ??= setTimeout(() => this.#publish(this.#texts), PUBLISH_MS)
  }

  /** Pieces are missing: subscribing again brings the text so far, once for all the pieces that follow the gap. */
  #askForText(): void {
    if (Date.now() - this.#askedForText < ASK_AGAIN_MS) return
    this.#askedForText = Date.now()
    this.#line.resubscribe(this.topic)
  }

  #publish(texts: LiveTexts): void {
    clearTimeout(this.#publishing)
    this.#publishing = undefined
    this.#texts = texts
    if (texts !== this.live.getState()) this.live.setState(texts, true)
  }
}

/** Whether the facts have gone past this attempt at a message's text: late pieces of it must not be shown. */
function isOver({ status, attempt }: MessageView, shown: number): boolean {
  if (status === 'cancelled') return true
  return shown < (attempt ?? 0) || (status !== 'writing' && shown === (attempt ?? 0))
}
