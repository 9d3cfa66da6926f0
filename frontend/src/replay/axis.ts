/** A pause longer than this is told in words and waited for no longer than this. */
export const LONGEST_MS = 3000
/** What happened at once is still seen one after the other. */
const SHORTEST_MS = 80

/** Where moments stand on the time line, in milliseconds of playing at 1×: as they came, with long waits cut short. */
export function placesOf(times: readonly number[]): number[] {
  let place = 0
  return times.map((at, index) => {
    const gap = index === 0 ? 0 : at - (times[index - 1] ?? at)
    if (index > 0) place += Math.min(Math.max(gap, SHORTEST_MS), LONGEST_MS)
    return place
  })
}

/** The moment that is present at a place of the time line. */
export function indexAt(places: readonly number[], place: number): number {
  let [low, high] = [0, places.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((places[middle] ?? 0) <= place) low = middle
    else high = middle - 1
  }
  return Math.max(0, low)
}

/** The moment nearest to a place: where a pointer lets go. */
export function nearest(places: readonly number[], place: number): number {
  const before = indexAt(places, place)
  const after = Math.min(before + 1, places.length - 1)
  const [near, far] = [places[before] ?? 0, places[after] ?? 0]
  return place - near <= far - place ? before : after
}

/** The next moment in a direction that is to be seen, or the same one when there is none. */
export function step(seen: readonly boolean[], index: number, by: 1 | -1): number {
  for (let at = index + by; at >= 0 && at < seen.length; at += by) if (seen[at]) return at
  return index
}
