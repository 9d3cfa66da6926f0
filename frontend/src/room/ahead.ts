import type { Transport } from '../generated/protocol'

/** What a person asked of the room's transport, as far as the server's state does not show it yet. */
export interface Asked {
  readonly place?: number
  readonly pace?: number
}

/** An order not seen for so long was lost, or the server counts anew: its word counts again. Milliseconds. */
const LOST_MS = 5000

interface Pending {
  readonly value: number
  readonly since: number
  /** Which revision carries it; unknown until the server answered. */
  readonly revision?: number
}

/**
 * Remembers what was ordered until it is seen: steps ("next section", "faster") count from there. Counted from what the
 * server said last, two quick presses would mean the same place.
 */
export class Ahead {
  readonly #pending = new Map<keyof Asked, Pending>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Remember an order; the returned function takes the server's answer: the revision, or nothing when it was refused. */
  asked(action: string, value: number | undefined): (revision: number | undefined) => void {
    const what = action === 'seek' || action === 'play' ? 'place' : action === 'speed' ? 'pace' : undefined
    if (what === undefined || value === undefined) return () => undefined
    const mine: Pending = { value, since: this.#now() }
    this.#pending.set(what, mine)
    return (revision) => {
      if (this.#pending.get(what) !== mine) return // a later order took its place
      if (revision === undefined) this.#pending.delete(what)
      else this.#pending.set(what, { ...mine, revision })
    }
  }

  of(transport: Transport): Asked {
    for (const [what, { revision, since }] of this.#pending) {
      const seen = revision !== undefined && transport.revision >= revision
      if (seen || this.#now() - since > LOST_MS) this.#pending.delete(what)
    }
    return { place: this.#pending.get('place')?.value, pace: this.#pending.get('pace')?.value }
  }
}
