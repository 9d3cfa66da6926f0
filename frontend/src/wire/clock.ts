const SAMPLES = 5

/** The server's time, estimated from the median of the last five pings, so one slow answer does not shift it. */
export class ServerClock {
  #offsets: number[] = []
  #coarse = 0
  /** Round trip of the last ping in milliseconds; `undefined` before the first answer. */
  roundTrip: number | undefined

  /** A first guess without knowing how long the frame was under way (`welcome`). */
  guess(serverTime: string, receivedAt: number = Date.now()): void {
    const offset = Date.parse(serverTime) - receivedAt
    if (Number.isFinite(offset)) this.#coarse = offset
  }

  /** An answer to a ping: the server read its clock half-way between `sentAt` and `receivedAt`. */
  sample(serverTime: string, sentAt: number, receivedAt: number): void {
    const offset = Date.parse(serverTime) - (sentAt + receivedAt) / 2
    if (!Number.isFinite(offset)) return
    this.roundTrip = receivedAt - sentAt
    this.#offsets = [...this.#offsets, offset].slice(-SAMPLES)
  }

  /** Forget the samples of an earlier connection: this machine may have slept or set its clock since. */
  restart(): void {
    this.#offsets = []
  }

  /** What to add to this machine's clock to get the server's, in milliseconds. */
  get offset(): number {
    if (this.#offsets.length === 0) return this.#coarse
    const sorted = [...this.#offsets].sort((a, b) => a - b)
    const middle = Math.floor(sorted.length / 2)
    const high = sorted[middle] ?? 0
    return sorted.length % 2 ? high : (high + (sorted[middle - 1] ?? high)) / 2
  }

  /** The server's time in milliseconds since 1970. */
  now(): number {
    return Date.now() + this.offset
  }
}
