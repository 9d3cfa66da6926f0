import { expect, test } from 'vitest'
import { changedPart } from './putText'

const put = (before: string, after: string) => {
  const { from, to, text } = changedPart(before, after)
  return [before.slice(from, to), text, before.slice(0, from) + text + before.slice(to)]
}

test.each([
  ['全网第一的杯子', '很受欢迎的杯子', '全网第一', '很受欢迎'],
  ['好好看', '好看', '好', ''],
  ['一样', '一样', '', ''],
  ['', '新的', '', '新的'],
  ['甲\n乙\n丙', '甲\n丁\n丙', '乙', '丁'],
])('only what differs is put in: %s → %s', (before, after, gone, come) => {
  expect(put(before, after)).toEqual([gone, come, after])
})

test('a character of two units is changed whole', () => {
  // 😀 and 😁 share their first unit, 🀀 and 😀 their second.
  expect(put('好😀看', '好😁看')).toEqual(['😀', '😁', '好😁看'])
  expect(put('\u{1f000}', '\u{1f400}')).toEqual(['\u{1f000}', '\u{1f400}', '\u{1f400}'])
})
