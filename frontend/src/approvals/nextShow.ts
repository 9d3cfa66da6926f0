import type { Shapes } from '../shared/rest'

type Show = Shapes['Show']

/** Of these shows the one that begins first after `now` (milliseconds). */
export function nextOf(shows: readonly Show[], now: number): Show | undefined {
  return shows
    .filter(({ starts_at }) => starts_at && Date.parse(starts_at) > now)
    .sort((a, b) => Date.parse(a.starts_at ?? '') - Date.parse(b.starts_at ?? ''))[0]
}
