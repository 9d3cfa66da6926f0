import { type Script, spokenIn } from './script'

/** A laid-out line. `top` and `bottom` are pixels from the top of the text; lines touch, so every pixel has a character. */
export interface Line {
  readonly top: number
  readonly bottom: number
  /** Where the words stand: lines at the beginning of a paragraph have more room above. */
  readonly middle: number
  readonly start: number
  readonly end: number
  /** 字 read aloud on this line; 0 for a line that holds only a cue. */
  readonly spoken: number
}

export interface Lines {
  readonly lines: readonly Line[]
  readonly height: number
  /** Where the text is when so many characters have passed: both grow from point to point. */
  readonly way: readonly Point[]
}

/** So many characters have passed, and the text has travelled so many pixels. */
export interface Point {
  readonly at: number
  readonly y: number
}

/**
 * Characters of the shortest piece of text over which the motion is even. Pieces go from paragraph to paragraph and depend
 * on the text alone, so that displays of any width are at the same place at the same time, to a fraction of a line.
 */
const PIECE = 32

/** A piece of text on one line, as measured: pixels from the top of the text. */
export interface Box {
  readonly top: number
  readonly bottom: number
  readonly start: number
  readonly end: number
  readonly spoken: number
}

export const EMPTY: Lines = { lines: [], height: 0, way: [{ at: 0, y: 0 }] }

/** Put measured pieces (in reading order) together to lines of a text `height` pixels tall. */
export function linesOf(boxes: readonly Box[], script: Script, height: number): Lines {
  const rows: { middle: number; bottom: number; start: number; end: number; spoken: number }[] = []
  for (const box of boxes) {
    const row = rows.at(-1)
    if (row && box.top < row.bottom - (box.bottom - box.top) / 2) {
      row.end = box.end
      row.spoken += box.spoken
      row.bottom = Math.max(row.bottom, box.bottom)
    } else {
      const middle = (box.top + box.bottom) / 2
      rows.push({ middle, bottom: box.bottom, start: box.start, end: box.end, spoken: box.spoken })
    }
  }
  const edges = rows.map((row, index) => {
    const above = rows[index - 1]
    return above ? (above.middle + row.middle) / 2 : 0
  })
  const lines = rows.map((row, index) => ({
    top: edges[index] ?? 0,
    bottom: edges[index + 1] ?? height,
    middle: row.middle,
    start: index === 0 ? 0 : row.start,
    end: rows[index + 1]?.start ?? Math.max(script.length, row.end),
    spoken: row.spoken,
  }))
  return { lines, height, way: wayOf(lines, script, height) }
}

function wayOf(lines: readonly Line[], script: Script, height: number): Point[] {
  const way: Point[] = [{ at: 0, y: 0 }]
  for (const { offset } of script.paragraphs) {
    const last = way.at(-1)
    const y = lines.find((line) => line.start === offset)?.top
    if (last && y !== undefined && offset - last.at >= PIECE && y > last.y) way.push({ at: offset, y })
  }
  if (way.length > 1 && script.length - (way.at(-1)?.at ?? 0) < PIECE) way.pop()
  if (script.length > 0 && height > 0) way.push({ at: script.length, y: height })
  return way
}

/** Follow the way from what is known of a place to what is asked. */
function along(way: readonly Point[], from: 'at' | 'y', value: number): number {
  const to = from === 'at' ? 'y' : 'at'
  const next = way.findIndex((point) => point[from] > value)
  const end = way[next < 0 ? way.length - 1 : next]
  const begin = way[(next < 0 ? way.length : next) - 1] ?? end
  if (!begin || !end || end === begin) return end?.[to] ?? 0
  return begin[to] + ((value - begin[from]) / (end[from] - begin[from])) * (end[to] - begin[to])
}

/** The pixels that the text has travelled when so many characters have passed. */
export const travelled = ({ way }: Lines, at: number): number => along(way, 'at', at)
/** How many characters have passed when the text has travelled so many pixels; the inverse of `travelled`. */
export const passed = ({ way }: Lines, y: number): number => along(way, 'y', y)

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** The line on which a character is. */
export const lineAt = ({ lines }: Lines, position: number): Line | undefined =>
  lines.findLast(({ start }) => start <= position) ?? lines[0]

/** The pixel of a character position, moving evenly within a line. */
export function pixelOf(laid: Lines, position: number): number {
  const line = lineAt(laid, position)
  if (!line) return 0
  const share = clamp((position - line.start) / Math.max(1, line.end - line.start), 0, 1)
  return line.top + share * (line.bottom - line.top)
}

/** The character position of a pixel; the inverse of `pixelOf`. */
export function positionOf({ lines }: Lines, pixel: number): number {
  const line = lines.findLast(({ top }) => top <= pixel) ?? lines[0]
  if (!line) return 0
  const share = clamp((pixel - line.top) / Math.max(1e-6, line.bottom - line.top), 0, 1)
  return line.start + share * (line.end - line.start)
}

/** Where pages begin (pixels) when the text is turned page by page: whole lines, each page at most `room` pixels tall. */
export function pagesOf({ lines }: Lines, room: number): number[] {
  const pages: number[] = []
  for (const line of lines) {
    const page = pages.at(-1)
    if (page === undefined || line.bottom - page > room) pages.push(line.top)
  }
  return pages
}

/** Measure the words below `track` (elements with `data-o`, their offset). `flipped`: the text stands on its head. */
export function measure(track: HTMLElement, script: Script, flipped: boolean): Lines {
  const frame = track.getBoundingClientRect()
  const boxes: Box[] = []
  for (const element of track.querySelectorAll<HTMLElement>('[data-o]')) {
    const text = element.textContent ?? ''
    const rects = [...element.getClientRects()].filter((rect) => rect.width > 0)
    if (flipped) rects.sort((a, b) => b.top - a.top)
    const width = rects.reduce((sum, rect) => sum + rect.width, 0)
    const size = Array.from(text).length
    const spoken = element.dataset.cue === undefined ? spokenIn(text) : 0
    let start = Number(element.dataset.o)
    for (const rect of rects) {
      const share = rect.width / width
      const end = start + size * share
      const top = flipped ? frame.bottom - rect.bottom : rect.top - frame.top
      boxes.push({ top, bottom: top + rect.height, start, end, spoken: spoken * share })
      start = end
    }
  }
  return linesOf(boxes, script, frame.height)
}
