import { describe, expect, it } from 'vitest'
import { isLive, sectionNow } from './clocks'
import { parse, rateOf } from './script'

describe('the section that is read', () => {
  const script = parse(`${'甲'.repeat(40)}\n${'乙'.repeat(20)}\n\n${'丙'.repeat(60)}`)
  const at = (position: number) => sectionNow(script, position, 240)

  it('is told by its number and by the time that is left of it', () => {
    expect(at(0)).toEqual({ nth: 1, of: 3, secondsLeft: 40 / rateOf(script.content, 240) })
    expect(at(51)).toMatchObject({ nth: 2, secondsLeft: 10 / rateOf(script.content, 240) })
    // On the empty line behind it nothing of it is left.
    expect(at(61.9)).toMatchObject({ nth: 2, secondsLeft: 0 })
    expect(at(122)).toMatchObject({ nth: 3, of: 3 })
    expect(at(1000).secondsLeft).toBe(0)
  })

  it('is none without a text', () => {
    expect(sectionNow(parse(''), 0, 240)).toEqual({ nth: 0, of: 0, secondsLeft: 0 })
  })
})

it('a room is live until nothing moved for six hours', () => {
  expect(isLive(1000, 1000 + 6 * 3_600_000 - 1)).toBe(true)
  expect(isLive(1000, 1000 + 6 * 3_600_000)).toBe(false)
})
