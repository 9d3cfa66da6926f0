import { expect, test } from 'vitest'
import { wishesOf } from './wishes'

test('wishes are told in one order, each with its words, and nothing is made of what is unknown', () => {
  expect(
    wishesOf({ seconds: 30, must_not_say: ['价格', '库存'], unheard_of: ['x'], style: [], audience: null }),
  ).toEqual([
    ['must_not_say', ['价格', '库存']],
    ['seconds', ['30']],
  ])
  expect(wishesOf({})).toEqual([])
})
