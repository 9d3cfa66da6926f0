/** What a script is made of, seen by the reader. All offsets count characters (code points) of the script's content. */

export interface Word {
  readonly offset: number
  readonly text: string
  /** A cue (【举起产品】) is seen, not read aloud; a figure (price, amount) is read aloud and marked. */
  readonly kind: 'speech' | 'cue' | 'figure'
  /** Of the words of one name, which stay together where there is room: where it begins. */
  readonly name: number | undefined
}

/** What the server knows of a text: how many characters each word has, a list of them for a name. */
export type Pieces = readonly (number | readonly number[])[]

export interface Paragraph {
  readonly offset: number
  readonly text: string
  readonly words: readonly Word[]
}

export interface Script {
  readonly content: string
  readonly length: number
  readonly paragraphs: readonly Paragraph[]
  /** Where sentences begin. */
  readonly sentences: readonly number[]
}

const CUE = /【[^】\n]*】/gu
const OPENING = /^[\s“‘（《〈「『【([{¥￥$#@]+$/u
/** What no line begins with. */
const BEHIND = /^(?:[^\p{L}\p{N}]+|[的了吗呢吧])$/u
const ENDS_IN_FIGURE = /\p{Nd}%?\s?$/u
/** 25ml×10 is one amount. */
const ENDS_IN_TIMES = /\p{Nd}\S*×$/u
const SHORT_UNIT = /^(?:\p{Script=Han}{1,2}|m?l|k?g|[cm]?m|w|v|mah|[gt]b|%)$/iu
// The browser's dictionary has no 羽绒服, 登场 or 保温杯 and cuts them into characters. These are words by themselves.
const PART = '(?![的了我你他这那就都也还很不没有是和在把])\\p{Script=Han}'
const ONE = new RegExp(`^${PART}$`, 'u')
const TWO = new RegExp(`^(${PART}){2}$`, 'u')
const SENTENCE_END = /[。！？!?；;…]+[”’」』）)]*/gu
const SPOKEN = /\p{Script=Han}|\p{Nd}|(?:(?!\p{Script=Han})\p{L})+/gu

const segmenter = Intl.Segmenter && new Intl.Segmenter('zh', { granularity: 'word' })

/** Number of code points. */
export const count = (text: string): number => {
  let total = 0
  for (const _ of text) total += 1
  return total
}

/** How many 字 are read aloud: each Chinese character and digit, and a third of the letters of a Latin word. */
export function spokenIn(text: string): number {
  let total = 0
  for (const [piece] of text.replace(CUE, '').matchAll(SPOKEN)) {
    total += /[\p{Script=Han}\p{Nd}]/u.test(piece) ? 1 : Math.max(1, Math.round(piece.length / 3))
  }
  return total
}

/**
 * How many characters of a text (punctuation and all) pass in a second at a pace of 字/分 read aloud. Cues take the time
 * that their characters take; they do not count as read aloud. The server counts the same way.
 */
export function rateOf(content: string, pace: number): number {
  const spoken = spokenIn(content)
  return (pace / 60) * (spoken > 0 ? count(content.replace(CUE, '')) / spoken : 1)
}

const wordsIn = (text: string): string[] =>
  segmenter ? Array.from(segmenter.segment(text), (s) => s.segment) : Array.from(text)

/**
 * Cut speech into pieces that stay on one line: words, each with the punctuation that must not begin or end a line away
 * from it, and a figure with its unit.
 */
export function phrases(text: string, segments = wordsIn(text)): string[] {
  const result: string[] = []
  let opening = ''
  for (const [at, segment] of segments.entries()) {
    const last = result.at(-1)
    if (OPENING.test(segment) && !/^\s+$/u.test(segment)) {
      opening += segment
    } else if (last !== undefined && opening === '' && joins(last, segment, segments[at + 1])) {
      result[result.length - 1] = last + segment
    } else {
      result.push(opening + segment)
      opening = ''
    }
  }
  if (opening) result.push(opening)
  return result
}

const joins = (last: string, segment: string, next = ''): boolean =>
  BEHIND.test(segment) ||
  (ENDS_IN_FIGURE.test(last) && SHORT_UNIT.test(segment)) ||
  (ENDS_IN_TIMES.test(last) && /^\p{Nd}/u.test(segment)) ||
  // 主角|登|场: the second of two goes with the first of them, the only one with the word before.
  (ONE.test(segment) && (ONE.test(last) || (TWO.test(last) && !ONE.test(next))))

/** The words of a name in one list; every other in its own. */
export const together = (words: readonly Word[]): Word[][] =>
  words.reduce<Word[][]>((lists, word) => {
    const last = lists.at(-1)
    if (last && word.name !== undefined && last[0]?.name === word.name) last.push(word)
    else lists.push([word])
    return lists
  }, [])

/** Where the server's words begin, and for each character of a name where that begins; nothing if it meant another text. */
function told(content: string, pieces: Pieces) {
  const begins = new Set<number>()
  const names: number[] = []
  let at = 0
  for (const piece of pieces) {
    const begin = at
    for (const length of [piece].flat()) {
      begins.add(at)
      at += length
    }
    if (typeof piece !== 'number') for (let inside = begin; inside < at; inside += 1) names[inside] = begin
  }
  return at === count(content) ? { begins, names } : undefined
}

export function parse(content: string, pieces: Pieces = []): Script {
  const known = told(content, pieces)
  const paragraphs: Paragraph[] = []
  const sentences: number[] = []
  let offset = 0
  for (const line of content.split('\n')) {
    const text = line.trimEnd()
    if (text.trim()) {
      paragraphs.push({ offset, text, words: wordsOf(text, offset, known) })
      sentences.push(...sentencesOf(text).map((inside) => offset + inside))
    }
    offset += count(line) + 1
  }
  return { content, length: Math.max(0, offset - 1), paragraphs, sentences }
}

function wordsOf(text: string, start: number, known: ReturnType<typeof told>): Word[] {
  const words: Word[] = []
  let offset = start
  let read = 0
  const add = (part: string, cue: boolean) => {
    let segments: string[] | undefined
    if (known) {
      segments = []
      let at = offset
      for (const character of part) {
        if (known.begins.has(at) || segments.length === 0) segments.push('')
        segments.push(segments.pop() + character)
        at += 1
      }
    }
    for (const piece of phrases(part, segments)) {
      const kind = cue ? 'cue' : /\p{Nd}/u.test(piece) ? 'figure' : 'speech'
      const end = offset + count(piece)
      const name = known?.names.slice(offset, end).find((begin) => begin !== undefined)
      words.push({ offset, text: piece, kind, name })
      offset = end
    }
  }
  for (const cue of text.matchAll(CUE)) {
    add(text.slice(read, cue.index), false)
    add(cue[0], true)
    read = cue.index + cue[0].length
  }
  add(text.slice(read), false)
  return words
}

function sentencesOf(text: string): number[] {
  const starts = [0]
  for (const end of text.matchAll(SENTENCE_END)) {
    const after = end.index + end[0].length
    if (text.slice(after).trim()) starts.push(count(text.slice(0, after)))
  }
  return starts
}
