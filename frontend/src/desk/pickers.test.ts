import { expect, test } from 'vitest'
import { matching, triggerAt, withPicked } from './pickers'

const kindAt = (text: string) => triggerAt(text, text.length)

test('a picker opens where its sign was typed, in Chinese without a space before it', () => {
  expect(kindAt('给@小')).toEqual({ kind: 'subject', query: '小', start: 1, end: 3 })
  expect(kindAt('#')).toEqual({ kind: 'template', query: '', start: 0, end: 1 })
  expect(kindAt('/new')).toEqual({ kind: 'command', query: 'new', start: 0, end: 4 })
})

test('an address, a fraction and what was finished by a mark open nothing', () => {
  expect(kindAt('amin@demo')).toBeUndefined()
  expect(kindAt('买 2/3')).toBeUndefined()
  expect(kindAt('@小雅，写一段')).toBeUndefined()
  expect(triggerAt('给@小雅写', 0)).toBeUndefined()
})

test('what begins with the query comes first, and other words find it too', () => {
  const picks = [
    { key: 'a', label: '随行保温杯', keywords: '保温杯 mug' },
    { key: 'b', label: '保温壶' },
    { key: 'c', label: '大米' },
  ]
  expect(matching(picks, '保温').map(({ key }) => key)).toEqual(['b', 'a'])
  expect(matching(picks, 'MUG').map(({ key }) => key)).toEqual(['a'])
  expect(matching(picks, '')).toHaveLength(3)
})

test('the choice takes the place of what asked for it, and the rest of the text stays', () => {
  const text = '给@小写一段'
  const trigger = triggerAt(text, 3)
  expect(trigger && withPicked(text, trigger, '小雅')).toEqual({ text: '给小雅写一段', caret: 3 })
})
