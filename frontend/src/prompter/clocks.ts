import { count, rateOf, type Script } from './script'

/** Without a motion for so long the room's session is over; the server counts the same. */
const SESSION_MS = 6 * 3_600_000

/** Whether a room whose text last moved, or was to move, at that moment is still live. */
export const isLive = (moved: number, now: number): boolean => now - moved < SESSION_MS

/** Which section (a paragraph) is at a place, of how many, and how long the rest of it takes at a pace in 字/分. */
export function sectionNow(
  { content, paragraphs }: Script,
  position: number,
  pace: number,
): { nth: number; of: number; secondsLeft: number } {
  const here = Math.max(
    0,
    paragraphs.findLastIndex(({ offset }) => offset <= position + 0.5),
  )
  const section = paragraphs[here]
  const end = section ? section.offset + count(section.text) : 0
  return {
    nth: section ? here + 1 : 0,
    of: paragraphs.length,
    // As the time of the script: characters at the rate of the whole, so that the one never outlasts the other.
    secondsLeft: Math.max(0, end - position) / Math.max(0.1, rateOf(content, pace)),
  }
}
