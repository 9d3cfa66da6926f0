import i18next from 'i18next'
import { expect, test } from 'vitest'
import '../i18n'
import '../i18n/addReplay'
import '../i18n/addReview'
import '../i18n/addWork'
import type { AnyThreadEvent } from '../generated/protocol'
import { en } from '../i18n/en'
import type { Checkpoint, ThreadRecord } from './api'
import { asJson, asText } from './exporting'
import { wordsIn } from './words'

const at = '2026-11-22T10:00:00.000Z'
const fact = (seq: number, fields: Record<string, unknown>) =>
  ({ thread_id: 't', event_id: 'e', seq, at, run_id: 'r', attempt: 1, ...fields }) as AnyThreadEvent

const events = [
  fact(1, {
    type: 'message_complete',
    message_id: 'm',
    role: 'user',
    content: '写一段开场\n电话 138****8000',
    status: 'complete',
    author: { id: 'u', name: '小林' },
  }),
  fact(2, { type: 'node', node: 'script', status: 'finished', elapsed_ms: 1200, detail: {} }),
  fact(3, {
    type: 'interrupt_resolved',
    interrupt_id: 'i',
    decision: 'reject',
    version: 2,
    by: { id: 'a', name: '阿敏' },
    feedback: '太平了',
    content: null,
  }),
  fact(4, { type: 'run', status: 'failed', error: { code: 'model_unavailable', message: 'x' } }),
]
const record = {
  thread: { id: 't', title: '保温杯', created_at: at },
  events: [],
  checkpoints: [
    {
      version: 3,
      seq: 2,
      run_id: 'r',
      nodes: ['script'],
      next: ['quality'],
      status: 'running',
      intact: true,
      created_at: at,
    } as unknown as Checkpoint,
  ],
  airings: [],
} as unknown as ThreadRecord

const words = () => {
  const { t, language } = i18next
  return wordsIn(
    t,
    (key) => i18next.exists(key),
    language,
    (problem) => (problem as { code: string }).code,
  )
}

test('a file for people has a line for each moment and the whole of what was said', () => {
  const text = asText(record, events, { ...words(), kind: (kind) => kind, title: '保温杯' })
  expect(text.split('\n')).toEqual([
    '保温杯',
    '',
    `${at}  [message] 小林：写一段开场 电话 138****8000`,
    '    写一段开场',
    '    电话 138****8000',
    `${at}  [step] 撰写话术：完成，1.2 s`,
    `${at}  [step] 第 3 版记录：撰写话术`,
    `${at}  [decision] 阿敏：已驳回，太平了`,
    '    太平了',
    `${at}  [error] 任务失败：model_unavailable`,
    '',
  ])
})

test('a file for programs holds what the server told, masked', () => {
  const told = JSON.parse(asJson(record, events, new Date(at)))
  expect(Object.keys(told)).toEqual(['thread', 'exported_at', 'events', 'checkpoints', 'airings'])
  expect(told.events).toHaveLength(4)
  expect(told.thread).toEqual({ id: 't', title: '保温杯', created_at: at })
})

test('the same moments are told in English', async () => {
  i18next.addResourceBundle('en', 'translation', en, true)
  await i18next.changeLanguage('en')
  const text = asText(record, events, { ...words(), kind: (kind) => kind, title: 'Cup' })
  await i18next.changeLanguage('zh-CN')
  expect(text).toContain('阿敏: Rejected, 太平了')
  expect(text.replace(/[\u4e00-\u9fff：，*]/g, '')).not.toContain('moment.')
})
