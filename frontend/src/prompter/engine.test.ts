import { describe, expect, it } from 'vitest'
import { carry } from './carry'
import { minutes } from './i18n'
import { actionOf } from './keys'
import { type Box, linesOf, pagesOf, pixelOf, positionOf, secondsLeft, speedOf } from './lines'
import { parse, phrases, spokenIn } from './script'

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

  it('take the pace from the lines that are read aloud', () => {
    expect(lines.pixelsPerCharacter).toBe(10)
    expect(speedOf(lines, 240)).toBe(40)
    expect(secondsLeft(lines, 0, 240)).toBe(10)
    expect(secondsLeft(lines, 400, 240)).toBe(0)
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

it('writes time as minutes, and hours only when there are some', () => {
  expect([0, 59.2, 3599, 3661].map(minutes)).toEqual(['00:00', '01:00', '59:59', '1:01:01'])
})
