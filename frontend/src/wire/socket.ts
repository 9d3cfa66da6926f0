import type { Ack, AnyCommand, AnyFrame, Problem, Welcome } from '../generated/protocol'
import { backoff, mayReturn } from './backoff'
import { ServerClock } from './clock'
import { uuid7 } from './ids'
import { Subscription, type SubscriptionOptions } from './subscription'
import { topicsOf } from './topics'

const WELCOME_MS = 8_000
const PONG_MS = 5_000
const PROBE_MS = 3_000
/** Why a line was let go of that gave no sign: it was lost when it gave the last one. */
const SILENT = 'no answer'
const CLOCK_PING_MS = 250
const CLOCK_PINGS = 5
const STABLE_MS = 5_000
const DEFAULT_HEARTBEAT_MS = 15_000
/** A line that went without a word is known for lost within ten seconds. */
const LISTEN_MS = 5_000

export type SocketStatus =
  | { state: 'connecting' }
  | { state: 'open' }
  /** Lost, trying again. `since`: when it was lost (this machine's clock); `attempt` counts from 1. */
  | { state: 'reconnecting'; since: number; attempt: number }
  /** Not coming back by itself: closed by us (1000) or refused by the server (4500–4999). */
  | { state: 'closed'; code: number; reason: string }

type WithoutId<C> = C extends { type?: infer T }
  ? Omit<C, 'id' | 'type'> & { type: NonNullable<T>; id?: string }
  : never
/** A command as the caller writes it; the id is made once and kept when the command is sent again. */
export type Outgoing = WithoutId<AnyCommand>

/** The server said no; carries the Problem's fields. */
export class CommandRefused extends Error implements Problem {
  readonly code: string
  readonly retryable: boolean
  readonly retry_after_ms: number | null
  readonly details: { [key: string]: unknown }

  constructor(problem: Problem) {
    super(problem.message)
    this.name = 'CommandRefused'
    this.code = problem.code
    this.retryable = problem.retryable
    this.retry_after_ms = problem.retry_after_ms
    this.details = problem.details
  }
}

export interface DeskSocketOptions {
  /** Default: `/ws` of the page's own origin. */
  url?: string
  /** A one-minute, single-use ticket, asked for at each connection, for pages without the session cookie. */
  ticket?: () => Promise<string>
}

interface Pending {
  readonly frame: object
  readonly once: boolean
  readonly resolve: (ack: Ack) => void
  readonly reject: (problem: CommandRefused) => void
}

const disconnected = (message: string, code = 'disconnected'): CommandRefused =>
  new CommandRefused({ code, message, retryable: true, retry_after_ms: null, details: {} })

/**
 * The one socket of a tab. It comes back by itself, sends unanswered commands again under their old id, subscribes again
 * at each topic's cursor, notices a dead line by its pings, and knows the server's time.
 */
export class DeskSocket {
  readonly clock = new ServerClock()
  readonly #options: DeskSocketOptions
  #line: WebSocket | undefined
  #current: SocketStatus = { state: 'closed', code: 1000, reason: '' }
  #ready = false
  #attempt = 0
  #lostAt = 0
  #heardAt = 0
  #notBefore = 0
  #epoch: string | undefined
  #heartbeatMs = DEFAULT_HEARTBEAT_MS
  readonly #pending = new Map<string, Pending>()
  readonly #pings = new Map<string, number>()
  readonly #subscribing = new Map<string, string>()
  readonly #subscriptions = new Set<Subscription>()
  readonly #statusListeners = new Set<(status: SocketStatus) => void>()
  readonly #frameListeners = new Set<(frame: AnyFrame) => void>()
  #reconnectTimer: ReturnType<typeof setTimeout> | undefined
  #timers: ReturnType<typeof setTimeout>[] = []
  #heartbeat: ReturnType<typeof setInterval> | undefined
  #deadTimer: ReturnType<typeof setTimeout> | undefined

  constructor(options: DeskSocketOptions = {}) {
    this.#options = options
  }

  get status(): SocketStatus {
    return this.#current
  }

  /** Who the server says we are; `undefined` before the first `welcome`. */
  identity: Welcome | undefined

  connect(): void {
    if (this.#current.state !== 'closed') return
    this.#attempt = 0
    globalThis.addEventListener?.('online', this.#hurry)
    globalThis.addEventListener?.('offline', this.#probe)
    globalThis.document?.addEventListener('visibilitychange', this.#wake)
    this.#setStatus({ state: 'connecting' })
    void this.#open()
  }

  /** Leave for good; unanswered commands are rejected. `connect()` may be called again. */
  close(): void {
    this.#drop(1000, 'closed')
    this.#finish(1000, '')
  }

  /**
   * Send a command; resolves with its `ack`, rejects with the problem. Survives reconnects, unless it means the moment
   * (`once`): then it is refused while the line is down (`disconnected`), and one that is lost before the answer rejects it
   * as `unconfirmed`: nobody knows whether it was carried out.
   */
  send(command: Outgoing, { once = false } = {}): Promise<Ack> {
    const frame = { ...command, id: command.id ?? uuid7() }
    if (this.#current.state === 'closed' || (once && !this.#ready))
      return Promise.reject(disconnected('not connected'))
    return new Promise<Ack>((resolve, reject) => {
      this.#pending.set(frame.id, { frame, once, resolve, reject })
      if (this.#ready) this.#write(frame)
    })
  }

  /** Say something that is only true now: sent if connected, never again. */
  post(command: Outgoing): boolean {
    return this.#ready && this.#write({ ...command, id: command.id ?? uuid7() })
  }

  /** Follow a topic from `afterSeq()` on, over all reconnects, until the returned function is called. */
  subscribe(
    topic: string,
    afterSeq: () => number,
    onFrame: (frame: AnyFrame) => void,
    onProblem?: SubscriptionOptions['onProblem'],
  ): () => void {
    const resubscribe = () => this.resubscribe(topic)
    const subscription = new Subscription({ topic, afterSeq, onFrame, onProblem, resubscribe })
    this.#subscriptions.add(subscription)
    if (this.#ready) this.#writeSubscribe(topic)
    return () => {
      subscription.close()
      if (!this.#subscriptions.delete(subscription)) return
      if (this.#ready && this.#of(topic).length === 0)
        this.#write({ type: 'unsubscribe', topic, id: uuid7() })
    }
  }

  /** Ask for a topic again: after `resync_required` (once the snapshot is applied), or after a gap in the tokens. */
  resubscribe(topic: string): void {
    for (const subscription of this.#of(topic)) subscription.paused = false
    if (this.#ready) this.#writeSubscribe(topic)
  }

  /** Listen to the status; called at once with the present one. */
  onStatus(listener: (status: SocketStatus) => void): () => void {
    this.#statusListeners.add(listener)
    listener(this.#current)
    return () => this.#statusListeners.delete(listener)
  }

  /** Listen to every frame, also those of no topic (`welcome`, `degraded`, `error`). */
  onFrame(listener: (frame: AnyFrame) => void): () => void {
    this.#frameListeners.add(listener)
    return () => this.#frameListeners.delete(listener)
  }

  #of(topic: string): Subscription[] {
    return [...this.#subscriptions].filter((subscription) => subscription.topic === topic)
  }

  async #address(): Promise<string> {
    const url = new URL(this.#options.url ?? '/ws', globalThis.location?.href)
    url.protocol = url.protocol.replace('http', 'ws')
    if (this.#options.ticket) url.searchParams.set('token', await this.#options.ticket())
    return url.href
  }

  async #open(): Promise<void> {
    let line: WebSocket
    try {
      const address = await this.#address()
      if (this.#current.state === 'closed' || this.#line) return
      line = new WebSocket(address)
    } catch (error) {
      console.warn('no socket', error)
      if (this.#current.state !== 'closed') this.#lost(1006, '')
      return
    }
    this.#line = line
    this.#deadTimer = setTimeout(() => this.#drop(4900, 'no welcome'), WELCOME_MS)
    line.onmessage = (event: MessageEvent<unknown>) => {
      if (this.#line === line) this.#read(event.data)
    }
    line.onclose = (event: CloseEvent) => {
      if (this.#line === line) this.#lost(event.code, event.reason)
    }
  }

  /** Let go of the line now, without waiting for a closing handshake that a dead network never answers. */
  #drop(code: number, reason: string): void {
    const line = this.#line
    if (!line) return
    this.#lost(code === 1000 ? 1000 : 1006, reason)
    line.close(1000)
  }

  #lost(code: number, reason: string): void {
    this.#line = undefined
    this.#ready = false
    this.#clearTimers()
    this.#pings.clear()
    this.#subscribing.clear()
    for (const [id, { once, reject }] of this.#pending) {
      if (!once) continue
      this.#pending.delete(id)
      reject(disconnected('no answer', 'unconfirmed'))
    }
    if (!mayReturn(code)) {
      this.#finish(code, reason)
      return
    }
    if (this.#current.state === 'closed') return
    if (this.#current.state !== 'reconnecting') this.#lostAt = reason === SILENT ? this.#heardAt : Date.now()
    const delay = Math.max(backoff(this.#attempt), this.#notBefore - Date.now())
    this.#attempt += 1
    this.#setStatus({ state: 'reconnecting', since: this.#lostAt, attempt: this.#attempt })
    clearTimeout(this.#reconnectTimer)
    this.#reconnectTimer = setTimeout(() => void this.#open(), delay)
  }

  #finish(code: number, reason: string): void {
    clearTimeout(this.#reconnectTimer)
    globalThis.removeEventListener?.('online', this.#hurry)
    globalThis.removeEventListener?.('offline', this.#probe)
    globalThis.document?.removeEventListener('visibilitychange', this.#wake)
    this.#setStatus({ state: 'closed', code, reason })
    for (const { reject } of this.#pending.values()) reject(disconnected(reason || 'not connected'))
    this.#pending.clear()
  }

  #read(data: unknown): void {
    this.#heardAt = Date.now()
    let frame: AnyFrame
    try {
      frame = JSON.parse(String(data)) as AnyFrame
    } catch {
      console.warn('unreadable frame')
      return
    }
    if (frame === null || typeof frame !== 'object' || typeof frame.type !== 'string') {
      console.warn('untyped frame')
      return
    }
    // Any frame proves the line alive, not only `pong`.
    if (this.#ready) this.#settle()
    switch (frame.type) {
      case 'welcome':
        this.#welcome(frame)
        break
      case 'pong':
        this.#pong(frame.re, frame.server_time)
        break
      case 'ack':
        this.#answer(frame)
        break
      case 'reconnect':
        this.#advised(frame.after_ms)
        break
      default:
        break
    }
    for (const listener of this.#frameListeners) listener(frame)
    const topics = topicsOf(frame)
    for (const subscription of [...this.#subscriptions]) {
      if (topics.includes(subscription.topic)) subscription.receive(frame)
    }
  }

  #welcome(frame: Welcome): void {
    this.#settle()
    this.identity = frame
    this.clock.restart()
    this.clock.guess(frame.server_time)
    this.#heartbeatMs = Math.max(1000, (frame.heartbeat_seconds || DEFAULT_HEARTBEAT_MS / 1000) * 1000)
    this.#ready = true
    this.#notBefore = 0
    if (this.#epoch !== undefined && this.#epoch !== frame.epoch) this.#voidCursors()
    this.#epoch = frame.epoch
    this.#setStatus({ state: 'open' })
    for (const topic of new Set([...this.#subscriptions].map((s) => s.topic))) this.#writeSubscribe(topic)
    for (const { frame: command } of this.#pending.values()) this.#write(command)
    for (let n = 0; n < CLOCK_PINGS; n += 1)
      this.#timers.push(setTimeout(() => this.#ping(), n * CLOCK_PING_MS))
    this.#timers.push(setTimeout(() => (this.#attempt = 0), STABLE_MS))
    this.#heartbeat = setInterval(() => this.#ping(), Math.min(LISTEN_MS, this.#heartbeatMs))
  }

  /** The database was restored: the numbering is another one, so every thread must be read anew. */
  #voidCursors(): void {
    for (const subscription of [...this.#subscriptions]) {
      const { topic } = subscription
      if (!topic.startsWith('thread:') || subscription.after === 0) continue
      const snapshot_url = `/api/v1/threads/${topic.slice('thread:'.length)}/snapshot`
      subscription.receive({ type: 'resync_required', topic, reason: 'cursor_ahead', snapshot_url })
    }
  }

  #answer(ack: Ack): void {
    const topic = this.#subscribing.get(ack.re)
    if (topic !== undefined) {
      this.#subscribing.delete(ack.re)
      if (ack.status === 'rejected' && ack.error) for (const s of this.#of(topic)) s.refuse(ack.error)
      return
    }
    const waiting = this.#pending.get(ack.re)
    if (!waiting) return
    this.#pending.delete(ack.re)
    if (ack.status !== 'rejected') waiting.resolve(ack)
    else waiting.reject(ack.error ? new CommandRefused(ack.error) : disconnected('rejected'))
  }

  #pong(re: string, serverTime: string): void {
    const sentAt = this.#pings.get(re)
    this.#pings.delete(re)
    const now = Date.now()
    // Later than a dead line is given up: this page stood still (asleep, starved), which says nothing of the line.
    if (sentAt !== undefined && now - sentAt <= PONG_MS) this.clock.sample(serverTime, sentAt, now)
  }

  /** The server will close soon and says when to come again (its own jitter is in `after_ms`). */
  #advised(afterMs: number): void {
    this.#notBefore = Date.now() + afterMs
    this.#timers.push(setTimeout(() => this.#drop(4000, 'reconnect'), afterMs))
  }

  #writeSubscribe(topic: string): void {
    const listening = this.#of(topic).filter((subscription) => !subscription.paused)
    if (listening.length === 0) return
    const id = uuid7()
    this.#subscribing.set(id, topic)
    this.#write({ type: 'subscribe', topic, after_seq: Math.min(...listening.map((s) => s.after)), id })
  }

  #write(frame: object): boolean {
    if (this.#line?.readyState !== WebSocket.OPEN) return false
    this.#line.send(JSON.stringify(frame))
    return true
  }

  #ping(limit: number = PONG_MS): void {
    const id = uuid7()
    this.#pings.set(id, Date.now())
    this.#write({ type: 'ping', id })
    // After a page that stood still, what had come meanwhile is read before the line is given up.
    const give = () => this.#drop(4901, SILENT)
    this.#deadTimer ??= setTimeout(() => (this.#deadTimer = setTimeout(give, 99)), limit)
  }

  #settle(): void {
    clearTimeout(this.#deadTimer)
    this.#deadTimer = undefined
  }

  #clearTimers(): void {
    this.#settle()
    clearInterval(this.#heartbeat)
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers = []
  }

  #setStatus(status: SocketStatus): void {
    this.#current = status
    for (const listener of [...this.#statusListeners]) listener(status)
  }

  readonly #hurry = (): void => {
    if (this.#current.state !== 'reconnecting' || this.#line) return
    clearTimeout(this.#reconnectTimer)
    void this.#open()
  }

  /** The network changed or the machine woke up: find out quickly whether the line is still there. */
  readonly #probe = (): void => {
    if (!this.#ready) return
    this.#settle()
    this.#ping(PROBE_MS)
  }

  readonly #wake = (): void => {
    if (document.visibilityState !== 'visible') return
    this.#hurry()
    this.#probe()
  }
}
