import { expect, test } from 'vitest'
import { firstCharacters, lengthOf } from './characters'
import { unsent } from './timeline'

test('a text is cut between characters, never through one', () => {
  expect(firstCharacters('写一段😀', 3)).toBe('写一段')
  expect(firstCharacters('写一段😀', 4)).toBe('写一段😀')
  expect(firstCharacters('写👨‍👩‍👧', 5)).toBe('写')
  expect(firstCharacters('😀'.repeat(10_001), 10_000)).toBe('😀'.repeat(10_000))
  expect(lengthOf('写😀')).toBe(2)
})

test('of what was typed only what was sent goes', () => {
  expect(unsent('写一段', '写一段')).toBe('')
  expect(unsent('写一段\n再写一段', '写一段')).toBe('再写一段')
  expect(unsent('另一件事', '写一段')).toBe('另一件事')
})
