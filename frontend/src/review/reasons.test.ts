import { expect, test } from 'vitest'
import schema from '../generated/protocol.schema.json'
import { reasonsEn, reasonsZh } from '../i18n/reasons'
import { feedbackFor, isReason, reasons } from './reasons'

test('there is a key from 1 to 9 for each reason that the server knows, and a word in both languages', () => {
  const known = JSON.stringify(schema).match(/"enum":\["compliance"[^\]]*\]/)?.[0] ?? ''
  expect(JSON.parse(`{${known}}`).enum).toEqual(reasons)
  expect(reasons).toHaveLength(9)
  expect(Object.keys(reasonsZh.rejectReason)).toEqual(reasons)
  expect(Object.keys(reasonsEn.rejectReason)).toEqual(reasons)
})

test('typed words are what the writer hears; without them the reason asks, and what nobody needs asks nothing', () => {
  expect(feedbackFor('length', ' 短到十五秒 ')).toBe(' 短到十五秒 ')
  expect(feedbackFor('length', '  ')).toMatch(/时长/)
  expect(feedbackFor(undefined, '短一点')).toBe('短一点')
  expect(feedbackFor(undefined, '')).toBeUndefined()
  expect(feedbackFor('not_needed', '')).toBeUndefined()
  for (const reason of reasons) {
    if (reason !== 'not_needed') expect(feedbackFor(reason, '')).toBeTruthy()
  }
  expect(isReason('because')).toBe(false)
})
