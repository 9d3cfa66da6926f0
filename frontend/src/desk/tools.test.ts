import { expect, test } from 'vitest'
import type { ThreadSnapshot } from '../generated/protocol'
import { emptyThread } from '../session/reducer'
import type { Shapes } from '../shared/rest'
import { aroundLine } from './onAir'
import { spendingOf } from './spending'
import { fileName, transcript } from './transcript'

test('the line on air is the sentence at the place in characters, emoji counted as one', () => {
  const text = '姐妹们好！😀开播啦。\n只要59元！'
  expect(aroundLine(text, 0).line).toBe('姐妹们好！')
  expect(aroundLine(text, 5)).toEqual({ before: '姐妹们好！', line: '😀开播啦。\n', after: '只要59元！' })
  expect(aroundLine(text, 11).line).toBe('只要59元！')
  expect(aroundLine(text, 99)).toEqual({ before: text, line: '', after: '' })
})

test('whatever the text, its three parts are the text', () => {
  for (const text of ['', '。。。', '\n\n好', '没有句号', '“好！”她说。……完'])
    for (let at = 0; at <= text.length; at += 1) {
      const { before, line, after } = aroundLine(text, at)
      expect(before + line + after).toBe(text)
    }
})

const call = (changes: Partial<Shapes['ModelCall']>) =>
  ({
    status: 'completed',
    model: 'a',
    fallback_from: null,
    input_tokens: 10,
    output_tokens: 5,
    estimated: false,
    cost: '0',
    currency: 'CNY',
    ...changes,
  }) as Shapes['ModelCall']

test('what a run used: each model once, the fallback, all tokens, and money by currency, failures included', () => {
  const used = spendingOf([
    call({ cost: '0.1' }),
    call({ model: 'b', fallback_from: 'a', estimated: true, cost: '0.2' }),
    call({ model: 'c', status: 'failed', cost: '0.5', currency: 'USD' }),
  ])
  expect(used).toMatchObject({ models: ['a', 'b'], insteadOf: ['a'], input: 30, output: 15, estimated: true })
  expect(used.cost.map(([currency, sum]) => `${currency} ${sum.toFixed(2)}`)).toEqual([
    'CNY 0.30',
    'USD 0.50',
  ])
  expect(spendingOf([]).cost).toEqual([])
})

test('an export tells who said what, what was decided and why, and the final script', () => {
  const thread = {
    ...emptyThread,
    title: '保温杯',
    messages: [
      {
        id: 'm',
        seq: 1,
        run_id: 'r',
        role: 'user',
        content: '写开场',
        author: { id: 'u', name: '小林' },
        at: 'T',
      },
    ],
    interrupts: [
      { id: 'i', seq: 2, run_id: 'r', status: 'reject', by: { id: 'u', name: '阿敏' }, feedback: '太长\n了' },
      { id: 'j', seq: 3, run_id: 'r', status: 'pending', by: null, feedback: null },
    ],
    scripts: [{ script_id: 's', version: 1, seq: 4, run_id: 'r', title: '开场', content: '好。' }],
  } as unknown as ThreadSnapshot
  const text = transcript(thread, {
    untitled: '-',
    writer: '助手',
    outcome: (status, by) => `${status} ${by}`,
    takenBack: (name, title) => `${name} back ${title}`,
    final: (title, version) => `${title} v${version}`,
    time: (iso) => iso,
  })
  expect(text).toBe(
    '# 保温杯\n\n**小林** · T\n\n写开场\n\n> reject 阿敏\n>\n> 太长 了\n\n## 开场 v1\n\n好。\n',
  )
})

test('a title becomes a name that every system takes', () => {
  expect(fileName('a/b:c\n', 'md')).toBe('a b c.md')
  expect(fileName('//', 'md')).toBe('cuedesk.md')
})
