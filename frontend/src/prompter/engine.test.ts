import { describe, expect, it } from 'vitest'
import reading from '../../tests/reading.json'
import { carry } from './carry'
import { askedBy } from './gamepad'
import { minutes } from './i18n'
import { actionOf } from './keys'
import { type Box, linesOf, pagesOf, passed, pixelOf, positionOf, travelled } from './lines'
import { parse, phrases, rateOf, spokenIn } from './script'

const row = (n: number, spoken: number): Box => ({
  top: n * 100 + 10,
  bottom: n * 100 + 90,
  start: n * 10,
  end: n * 10 + 10,
  spoken,
})
const script = parse('一二三四五六七八九十'.repeat(4))

describe('characters, pixels and time', () => {
  const lines = linesOf([row(0, 10), row(1, 10), row(2, 0), row(3, 10)], script, 400)

  it('are each other’s inverse everywhere', () => {
    for (let position = 0; position <= 40; position += 0.5) {
      expect(positionOf(lines, pixelOf(lines, position))).toBeCloseTo(position, 6)
    }
    expect(pixelOf(lines, 40)).toBe(400)
    expect(pixelOf(lines, 1e9)).toBe(400)
  })

  it('pass evenly from paragraph to paragraph, in pieces that do not hang on the width', () => {
    const text = parse(['甲'.repeat(40), '乙'.repeat(10), '丙'.repeat(40), '丁'.repeat(8)].join('\n'))
    const starts = text.paragraphs.map(({ offset }) => offset)
    const lay = (perLine: number) => {
      const boxes: Box[] = []
      for (const { offset, text: words } of text.paragraphs) {
        for (let from = 0; from < words.length; from += perLine) {
          const [start, end] = [offset + from, offset + Math.min(words.length, from + perLine)]
          boxes.push({ ...row(boxes.length, end - start), start, end })
        }
      }
      return linesOf(boxes, text, boxes.length * 100)
    }
    for (const lines of [lay(10), lay(16), lay(7)]) {
      // The second paragraph is too short for a piece of its own, the last one for the rest.
      expect(lines.way.map(({ at }) => at)).toEqual([0, starts[1], text.length])
      expect(passed(lines, travelled(lines, 23.25))).toBeCloseTo(23.25, 9)
      expect([travelled(lines, -5), travelled(lines, 1e9)]).toEqual([0, lines.height])
      for (const line of lines.lines) {
        const off = Math.abs(travelled(lines, line.start) - line.top)
        expect(off).toBeLessThan(200)
      }
    }
  })

  it('put pieces beside each other on one line', () => {
    const half: Box = { ...row(0, 5), start: 5, end: 10 }
    expect(linesOf([{ ...row(0, 5), end: 5 }, half, row(1, 10)], script, 200).lines).toHaveLength(2)
  })

  it('turn pages at whole lines', () => {
    expect(pagesOf(lines, 250)).toEqual([0, 200])
    expect(pagesOf(lines, 50)).toHaveLength(4)
  })

  it('stand still in an empty script', () => {
    const none = linesOf([], parse(''), 0)
    expect(pixelOf(none, 5)).toBe(0)
    expect(positionOf(none, 5)).toBe(0)
  })
})

describe('a script', () => {
  it('does not count cues as read aloud', () => {
    expect(spokenIn('【举起产品】今天 59.9 元')).toBe(6)
    expect(spokenIn('送一个 Stanley 杯')).toBe(6)
  })

  it('counts offsets in characters, also behind emoji', () => {
    const { paragraphs, length } = parse('🎉好\n\n【转身】走')
    expect(paragraphs.map(({ offset }) => offset)).toEqual([0, 4])
    expect(paragraphs[1]?.words.map(({ offset, kind }) => [offset, kind]).at(-1)).toEqual([8, 'speech'])
    expect(length).toBe(9)
  })

  it('keeps every character of the text in its words', () => {
    const text = '“真的吗？”——¥59.9元，送 3 个（限今天）！'
    expect(phrases(text).join('')).toBe(text)
    expect(phrases(text)).toContain('¥59.9元，')
    expect(phrases(text).some((piece) => /^[，。！？”）]/u.test(piece))).toBe(false)
  })

  it('keeps an amount of several of a size together', () => {
    expect(phrases('补水面膜 25ml×10 片！')).toContain('25ml×10 片！')
  })

  it('keeps words whole that the browser cuts into characters', () => {
    const pieces = phrases(
      '主角登场，沐野随行保温杯，双层不锈钢内胆；羽绒服、电饭煲、空气炸锅和小白鞋，灌的热水还是热的！',
    )
    const whole = ['登场，', '保温杯，', '内胆；', '羽绒服、', '电饭煲、', '炸锅', '小白鞋，', '热的！']
    for (const word of whole) expect(pieces).toContain(word)
    expect(pieces.some((piece) => piece.startsWith('的'))).toBe(false)
  })

  it('takes the words from the server, and knows which are of one name', () => {
    const { words } = parse('看初澄面膜，\n买它', [1, [2, 2], 1, 1, 2]).paragraphs[0] ?? { words: [] }
    expect(words.map(({ text, name }) => [text, name])).toEqual([
      ['看', undefined],
      ['初澄', 1],
      ['面膜，', 1],
    ])
    // Of a text of another length they say nothing.
    expect(parse('好，来', [9]).paragraphs).toEqual(parse('好，来').paragraphs)
  })

  it('knows where sentences begin', () => {
    expect(parse('好！来。\n买它').sentences).toEqual([0, 2, 5])
  })
})

describe('a correction', () => {
  const before = parse('甲甲甲甲\n乙乙乙乙\n丙丙丙丙')

  it('above keeps the place in an unchanged paragraph', () => {
    expect(carry(before, parse('新新新新新新\n甲甲甲甲\n乙乙乙乙\n丙丙丙丙'), 7)).toBe(14)
  })

  it('inside the paragraph keeps the place before and behind the change', () => {
    const after = parse('甲甲甲甲\n乙乙新新乙乙\n丙丙丙丙')
    expect(carry(before, after, 6)).toBe(6)
    expect(carry(before, after, 8.5)).toBe(10.5)
  })

  it('that removes the paragraph goes on with the next one', () => {
    expect(carry(before, parse('甲甲甲甲\n丙丙丙丙'), 7)).toBe(5)
    expect(carry(before, parse('甲甲甲甲'), 7)).toBe(4)
  })

  it('of a script in one paragraph keeps the place too', () => {
    const text = '零一二三四五六七八九'
    expect(carry(parse(text), parse(`开头${text}`), 5)).toBe(7)
  })
})

it('counts and carries as the server does', () => {
  for (const { before, after, spoken, rate, places } of reading) {
    expect(spokenIn(before)).toBe(spoken)
    expect(rateOf(before, 240)).toBeCloseTo(rate, 9)
    for (const [position = 0, place = 0] of places) {
      expect(carry(parse(before), parse(after), position), before).toBeCloseTo(place, 9)
    }
  }
})

describe('keys', () => {
  const press = (key: string, held: object = {}) =>
    actionOf({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...held })

  it('of clickers and keyboards start and stop', () => {
    for (const key of [' ', 'Enter', 'b', 'B', '.', 'F5']) expect(press(key)).toEqual({ do: 'toggle' })
  })

  it('with Ctrl stay the browser’s', () => {
    expect(press('r', { ctrlKey: true })).toBeUndefined()
    expect(press('Tab')).toBeUndefined()
  })

  it('with Shift go further', () => {
    expect(press('ArrowUp', { shiftKey: true })).toEqual({ do: 'pace', by: 20 })
    expect(press('M', { shiftKey: true })).toEqual({ do: 'mirror', axis: 'v' })
  })
})

it('takes a gamepad’s buttons once and its stick as long as it is held', () => {
  const pad = (stick: number, ...down: number[]) => ({
    down: Array.from({ length: 6 }, (_, button) => down.includes(button)),
    stick,
  })
  expect(askedBy(pad(0), pad(0, 0), true)).toEqual([{ do: 'toggle' }])
  expect(askedBy(pad(0, 0), pad(0, 0), true)).toEqual([])
  expect(askedBy(pad(0), pad(0, 4, 5), true)).toEqual([
    { do: 'step', unit: 'paragraph', direction: -1 },
    { do: 'step', unit: 'paragraph', direction: 1 },
  ])
  expect(askedBy(pad(-1), pad(-1), true)).toEqual([{ do: 'pace', by: 5 }])
  expect(askedBy(pad(1), pad(1), false)).toEqual([])
  expect(askedBy(pad(0.2), pad(0.2), true)).toEqual([])
})

it('writes time as minutes, and hours only when there are some', () => {
  expect([0, 59.2, 3599, 3661].map(minutes)).toEqual(['00:00', '01:00', '59:59', '1:01:01'])
})
