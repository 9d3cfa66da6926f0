const BASE_MS = 500
const CAP_MS = 15_000
const FLOOR_MS = 50

/** Full jitter: anywhere between (nearly) zero and an exponentially growing bound, so that a crowd spreads out. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const bound = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(Math.max(attempt, 0), 10))
  return Math.max(FLOOR_MS, Math.floor(random() * bound))
}

/** Whether a socket closed with `code` may connect again: our 4500–4999 say that something must change first. */
export function mayReturn(code: number): boolean {
  return code < 4500 || code > 4999
}
