import { expect, test } from 'vitest'
import type { Finding } from '../generated/protocol'
import { carryFindings, changesBetween, markedPieces, withSuggestion } from './text'

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

test('a suggestion replaces what was found, counted in characters; an empty one takes it out', () => {
  const text = '😀全网最低价，快来'
  expect(withSuggestion(text, { ...finding(1, 6), suggestion: '直播间价' })).toBe('😀直播间价，快来')
  expect(withSuggestion(text, { ...finding(1, 7), suggestion: '' })).toBe('😀快来')
  expect(withSuggestion(text, { ...finding(9, 9), suggestion: '。' })).toBe('😀全网最低价，快来。')
  expect(withSuggestion(text, finding(1, 6))).toBe(text)
})

test('while a newer text is checked, findings stay with their words and leave what was changed', () => {
  const before = '最好的杯子，全网最低价，第一品牌'
  const after = '最好的😀杯子，全网低价，第一品牌'
  const carried = carryFindings(before, after, [finding(0, 2), finding(6, 11), finding(12, 14)])
  expect(
    carried.map(({ span }) =>
      Array.from(after)
        .slice(...span)
        .join(''),
    ),
  ).toEqual(['最好', '第一'])
  expect(carryFindings(before, before, [finding(6, 11)])).toEqual([finding(6, 11)])
})
