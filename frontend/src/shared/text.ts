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

/** Characters that are read aloud: letters, ideographs and digits, as the pace in 字/分 counts them. */
export function spokenLength(text: string): number {
  return text.match(/[\p{L}\p{N}]/gu)?.length ?? 0
}
