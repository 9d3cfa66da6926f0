import { expect, test } from 'vitest'
import { indexAt, LONGEST_MS, nearest, placesOf, step } from './axis'

test('long waits are cut short, and what happened at once is still seen one after the other', () => {
  const places = placesOf([1000, 1000, 1500, 901_500, 901_510])
  expect(places).toEqual([0, 80, 580, 580 + LONGEST_MS, 580 + LONGEST_MS + 80])
  expect(placesOf([])).toEqual([])
})

test('a place of the line has its moment, and a pointer the nearest', () => {
  const places = [0, 100, 1000]
  expect([-5, 0, 99, 100, 999, 1000, 5000].map((place) => indexAt(places, place))).toEqual([
    0, 0, 0, 1, 1, 2, 2,
  ])
  expect([0, 49, 51, 549, 551, 5000].map((place) => nearest(places, place))).toEqual([0, 0, 1, 1, 2, 2])
  expect(nearest([0], 7)).toBe(0)
})

test('by hand one stops at what one wants to see, and stays where there is nothing more', () => {
  const seen = [true, false, false, true, false]
  expect([step(seen, 0, 1), step(seen, 3, -1), step(seen, 3, 1), step(seen, 0, -1)]).toEqual([3, 0, 3, 0])
})
