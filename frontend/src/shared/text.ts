import { diffArrays } from 'diff'
import type { Finding } from '../generated/protocol'

export interface Change {
  readonly kind: 'same' | 'added' | 'removed'
  readonly text: string
}

const segmenter = new Intl.Segmenter('zh', { granularity: 'word' })

/** The words of a text; Chinese has no spaces, so the browser's dictionary finds them. */
export function words(text: string): string[] {
  return Array.from(segmenter.segment(text), (piece) => piece.segment)
}

/** What changed between two texts, word by word. */
export function changesBetween(before: string, after: string): Change[] {
  return diffArrays(words(before), words(after)).map((part) => ({
    kind: part.added ? 'added' : part.removed ? 'removed' : 'same',
    text: part.value.join(''),
  }))
}

export interface MarkedPiece {
  readonly text: string
  /** The findings that cover this piece; empty for plain text. */
  readonly findings: readonly Finding[]
  /** Where the piece begins, in code points. */
  readonly start: number
}

/** Cut a text at the edges of its findings. Spans count code points, so the text is taken apart by code points. */
export function markedPieces(text: string, findings: readonly Finding[]): MarkedPiece[] {
  const points = Array.from(text)
  const within = findings.filter(
    ({ span: [start, end] }) => start < end && start >= 0 && end <= points.length,
  )
  const edges = new Set([0, points.length, ...within.flatMap(({ span }) => span)])
  const cuts = [...edges].sort((a, b) => a - b)
  return cuts.slice(0, -1).map((start, index) => ({
    start,
    text: points.slice(start, cuts[index + 1]).join(''),
    findings: within.filter(({ span }) => span[0] <= start && start < span[1]),
  }))
}

/**
 * Findings of `before` where they stand in `after`: what lies before or behind the change keeps its words, what the
 * change touches is left out, since nobody checked it yet.
 */
export function carryFindings(
  before: string,
  after: string,
  findings: readonly Finding[],
): readonly Finding[] {
  if (before === after) return findings
  const [old, now] = [Array.from(before), Array.from(after)]
  const shorter = Math.min(old.length, now.length)
  let head = 0
  while (head < shorter && old[head] === now[head]) head += 1
  let tail = 0
  while (tail < shorter - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1
  const shift = now.length - old.length
  return findings.flatMap((finding) => {
    const [start, end] = finding.span
    if (end <= head) return [finding]
    if (start >= old.length - tail)
      return [{ ...finding, span: [start + shift, end + shift] as [number, number] }]
    return []
  })
}

/** The text with a finding's suggestion in the place of what was found; an empty one takes it out. */
export function withSuggestion(text: string, { span: [start, end], suggestion }: Finding): string {
  if (suggestion === null) return text
  const points = Array.from(text)
  return points.slice(0, start).join('') + suggestion + points.slice(end).join('')
}
