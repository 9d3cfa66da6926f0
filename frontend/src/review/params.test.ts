import { expect, test } from 'vitest'
import { checkContext, scriptParams } from './params'

const finding = {
  rule: 'H-1',
  category: 'x',
  severity: 'block',
  span: [0, 2],
  excerpt: '最好',
  message: 'm',
  basis: '',
  suggestion: null,
}

test('what was found after an approval is told with what changed and both versions', () => {
  const script = scriptParams({
    rules_version: '2.douyin.b',
    held: { changed: ['rules', 'weather'], findings: [finding], approved_under: '1.douyin.a' },
  })
  expect(script.rulesVersion).toBe('2.douyin.b')
  expect(script.held).toEqual({ changed: ['rules'], findings: [finding], approvedUnder: '1.douyin.a' })
})

test('the first form said only that it is held, and what is not held says nothing', () => {
  expect(scriptParams({ held: true }).held).toEqual({
    changed: [],
    findings: [],
    approvedUnder: undefined,
  })
  expect(scriptParams({}).held).toBeUndefined()
  expect(scriptParams({ held: 'yes' }).held).toBeUndefined()
})

test('an edit is checked under the rules of the room it is for', () => {
  expect(checkContext(scriptParams({ room_id: 'r', product_id: 'p' }))).toMatchObject({
    room_id: 'r',
    product_id: 'p',
  })
})
