import type { Transport } from '../generated/protocol'

/** What a person asked of the room's transport, as far as the server's state does not show it yet. */
export interface Asked {
  readonly place?: number
  readonly pace?: number
  readonly dark?: boolean
  readonly playing?: boolean
}

/** An order not seen for so long was lost, or the server counts anew: its word counts again. Milliseconds. */
const LOST_MS = 5000

/** What an action changes of it, and to what when no value is given. */
function meant(action: string, value: number | undefined): [keyof Asked, number | undefined][] {
  switch (action) {
    case 'seek':
      return [['place', value]]
    case 'play':
      return [
        ['playing', 1],
        ['place', value],
      ]
    case 'pause':
      return [['playing', 0]]
    case 'speed':
      return [['pace', value]]
    case 'blank':
      return [['dark', value]]
    default:
      return []
  }
}

interface Pending {
  readonly value: number
  readonly since: number
  /** Which revision carries it; unknown until the server answered. */
  readonly revision?: number
}

/**
 * Remembers what was ordered until it is seen: steps ("next section", "faster", "dark or not") count from there. Counted
 * from what the server said last, two quick presses would mean the same place.
 */
export class Ahead {
  readonly #pending = new Map<keyof Asked, Pending>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Remember an order; the returned function takes the server's answer: the revision, or nothing when it was refused. */
  asked(action: string, value: number | undefined): (revision: number | undefined) => void {
    const mine = meant(action, value).flatMap(([what, value]) =>
      value === undefined ? [] : [[what, { value, since: this.#now() } as Pending] as const],
    )
    for (const [what, order] of mine) this.#pending.set(what, order)
    return (revision) => {
      for (const [what, order] of mine) {
        if (this.#pending.get(what) !== order) continue // a later order took its place
        if (revision === undefined) this.#pending.delete(what)
        else this.#pending.set(what, { ...order, revision })
      }
    }
  }

  of(transport: Transport): Asked {
    for (const [what, { revision, since }] of this.#pending) {
      const seen = revision !== undefined && transport.revision >= revision
      if (seen || this.#now() - since > LOST_MS) this.#pending.delete(what)
    }
    const value = (what: keyof Asked) => this.#pending.get(what)?.value
    const is = (what: keyof Asked) => (this.#pending.has(what) ? value(what) === 1 : undefined)
    return { place: value('place'), pace: value('pace'), dark: is('dark'), playing: is('playing') }
  }
}
