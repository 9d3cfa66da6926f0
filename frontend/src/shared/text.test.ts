import { expect, test } from 'vitest'
import type { Finding } from '../generated/protocol'
import { changesBetween, markedPieces, spokenLength } from './text'

const finding = (start: number, end: number): Finding => ({
  rule: `r${start}`,
  category: '',
  severity: 'block',
  span: [start, end],
  excerpt: '',
  message: '',
  basis: '',
  suggestion: null,
})

test('spans count characters, not UTF-16 units', () => {
  const pieces = markedPieces('😀😀最好的杯子', [finding(2, 4)])
  expect(pieces.map(({ text, findings }) => [text, findings.length])).toEqual([
    ['😀😀', 0],
    ['最好', 1],
    ['的杯子', 0],
  ])
})

test('findings that overlap are both told, and one that does not fit the text is left out of it', () => {
  const pieces = markedPieces('一二三四五', [finding(0, 3), finding(2, 4), finding(3, 99)])
  expect(pieces.map(({ text, findings }) => [text, findings.length])).toEqual([
    ['一二', 1],
    ['三', 2],
    ['四', 1],
    ['五', 0],
  ])
  expect(pieces.map(({ text }) => text).join('')).toBe('一二三四五')
})

test('a changed word is a change of that word, not of the paragraph', () => {
  const changes = changesBetween('今天这款保温杯真的是福利价。', '今天这款保温杯是本场福利价。')
  const kept = changes.filter(({ kind }) => kind === 'same').map(({ text }) => text)
  expect(kept.join('')).toContain('今天这款保温杯')
  expect(
    changes
      .filter(({ kind }) => kind !== 'removed')
      .map(({ text }) => text)
      .join(''),
  ).toBe('今天这款保温杯是本场福利价。')
})

test('only what is spoken counts as length', () => {
  expect(spokenLength('家人们，99 元！\n')).toBe(6)
})
