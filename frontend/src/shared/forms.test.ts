import i18next from 'i18next'
import { afterEach, expect, test } from 'vitest'
import { speak } from '../i18n'
import { faultsOf, faultText } from './forms'
import { RestProblem } from './rest'

afterEach(() => i18next.changeLanguage('zh-CN'))

const refused = new RestProblem(400, {
  code: 'bad_request',
  details: {
    errors: [
      { field: 'body.pace', message: 'Input should be …', type: 'greater_than_equal', limits: { ge: 120 } },
      {
        field: 'body.points.0.feature',
        message: 'String should …',
        type: 'string_too_long',
        limits: { max_length: 60 },
      },
      { field: 'body.name', message: 'String should …', type: 'string_too_short', limits: { min_length: 1 } },
      { field: 'body.odd', message: 'A kind of tomorrow', type: 'kind_of_tomorrow' },
    ],
  },
})

test('a fault is told in the language of the reader, with the bound it broke', async () => {
  expect(faultsOf(refused).map(faultText)).toEqual([
    '不能小于 120',
    '最多 60 个字',
    '请填写',
    '内容有误，请检查',
  ])
  await speak('en')
  expect(faultsOf(refused).map(faultText)).toEqual([
    'Not less than 120',
    'At most 60 characters',
    'Required',
    'Something is wrong here; check it',
  ])
})

test('a refusal without faults, or with something else in their place, has none', () => {
  expect(faultsOf(new RestProblem(409, { code: 'conflict' }))).toEqual([])
  expect(faultsOf(new RestProblem(400, { details: { errors: 'no list' } }))).toEqual([])
  expect(faultsOf(new Error('a fault of ours'))).toEqual([])
})
