/** How many characters the server counts in a text: code points, not halves of them. */
export function lengthOf(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

/** The beginning of a text, at most so many code points long; no character of two or more of them is torn. */
export function firstCharacters(text: string, most: number): string {
  if (text.length <= most || lengthOf(text) <= most) return text
  let kept = ''
  let count = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    count += lengthOf(segment)
    if (count > most) break
    kept += segment
  }
  return kept
}
