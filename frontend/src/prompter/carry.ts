import { count, type Paragraph, type Script } from './script'

/**
 * Where the reader is in `after`, who was at `position` in `before`: the same place of the same paragraph if that is
 * still there, else the nearest text around it. Positions are characters; the fraction of one is kept.
 */
export function carry(before: Script, after: Script, position: number): number {
  const reading = before.paragraphs.findLastIndex((paragraph) => paragraph.offset <= position)
  const old = before.paragraphs[reading]
  if (!old || after.paragraphs.length === 0) return 0
  const inside = position - old.offset
  const mates = align(before.paragraphs, after.paragraphs)
  const same = after.paragraphs[mates[reading] ?? -1]
  if (same) return same.offset + inside

  // The paragraph was edited or removed: look at what stands between the unchanged neighbours.
  let above = reading - 1
  while (above >= 0 && mates[above] === -1) above -= 1
  let below = reading + 1
  while (below < mates.length && mates[below] === -1) below += 1
  const from = above < 0 ? 0 : (mates[above] ?? 0) + 1
  const to = below >= mates.length ? after.paragraphs.length : (mates[below] ?? 0)
  const edited = after.paragraphs.slice(from, to)
  const mate = mostAlike(old, edited, reading - above - 1)
  if (mate) return mate.offset + within(old.text, mate.text, inside)
  return after.paragraphs[to]?.offset ?? after.length
}

/** For each paragraph of `before` its unchanged mate's index in `after`, or -1 (longest common subsequence). */
function align(before: readonly Paragraph[], after: readonly Paragraph[]): number[] {
  const [rows, columns] = [before.length, after.length]
  const best = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1))
  const at = (row: number, column: number) => best[row]?.[column] ?? 0
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      const line = best[row] as Uint32Array
      line[column] =
        before[row]?.text === after[column]?.text
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1))
    }
  }
  const mates = new Array<number>(rows).fill(-1)
  for (let row = 0, column = 0; row < rows && column < columns; ) {
    if (before[row]?.text === after[column]?.text) {
      mates[row] = column
      row += 1
      column += 1
    } else if (at(row + 1, column) >= at(row, column + 1)) row += 1
    else column += 1
  }
  return mates
}

function mostAlike(old: Paragraph, candidates: readonly Paragraph[], likely: number): Paragraph | undefined {
  let best: Paragraph | undefined
  let most = -1
  candidates.forEach((candidate, index) => {
    const { head, tail } = common(old.text, candidate.text)
    const alike = head + tail - Math.abs(index - likely) * 0.1
    if (alike > most) {
      most = alike
      best = candidate
    }
  })
  return best
}

function common(a: string, b: string): { head: number; tail: number } {
  const [left, right] = [Array.from(a), Array.from(b)]
  const shorter = Math.min(left.length, right.length)
  let head = 0
  while (head < shorter && left[head] === right[head]) head += 1
  let tail = 0
  while (tail < shorter - head && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail += 1
  return { head, tail }
}

function within(old: string, edited: string, inside: number): number {
  const { head, tail } = common(old, edited)
  if (inside <= head) return inside
  const fromEnd = count(old) - inside
  return fromEnd <= tail ? count(edited) - fromEnd : head
}
