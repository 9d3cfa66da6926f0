import { describe, expect, it } from 'vitest'
import type { Transport } from '../generated/protocol'
import { catchUp, type Goal, positionAt } from './player'
import { ALONE, goalOf, type Step, type StepEvent, step } from './step'

const at = (revision: number, position = revision, playing = true): Transport => ({
  revision,
  version: 1,
  playing,
  position,
  rate: 4,
  pace: 240,
  length: 900,
  at_ms: 0,
  target_at_ms: null,
})
const hear = (revision: number, how: { reading?: boolean; far?: boolean } = {}): StepEvent => ({
  type: 'heard',
  transport: at(revision),
  reading: how.reading ?? true,
  far: how.far ?? true,
})
const done = (position: number, asked?: string): StepEvent => ({
  type: 'done',
  transport: at(0, position),
  asked,
})
const answered = (id: string, revision?: number): StepEvent => ({ type: 'answered', id, revision })
const lost: StepEvent = { type: 'lost' }
const play = (...events: StepEvent[]): Step => events.reduce(step, ALONE)
const place = (state: Step) => goalOf(state)?.position

describe('a display in step', () => {
  it('does what the room does, the latest', () => {
    expect(place(play(hear(1), hear(2)))).toBe(2)
  })

  it('does what its reader does at once, and nothing older meanwhile', () => {
    const acting = play(hear(1), done(50, 'a'))
    expect(place(acting)).toBe(50)
    expect(place(play(hear(1), done(50, 'a'), hear(2)))).toBe(50)
    // The room has heard of it with 4: what it said before is still older.
    const told = play(hear(1), done(50, 'a'), hear(2), answered('a', 4))
    expect(place(told)).toBe(50)
    expect(place(step(told, hear(3)))).toBe(50)
    expect(place(step(told, hear(4)))).toBe(4)
  })

  it('follows the room again when its reader was refused, or was late', () => {
    expect(place(play(hear(1), done(50, 'a'), hear(2), answered('a')))).toBe(2)
    expect(place(play(hear(1), done(50, 'a'), hear(5), answered('a', 4)))).toBe(5)
    expect(place(play(hear(1), done(50, 'a'), done(60, 'b'), answered('a', 2), hear(2)))).toBe(60)
  })
})

describe('a display that was away', () => {
  it('goes on as it did when nothing happened', () => {
    const back = play(hear(1), lost, hear(1))
    expect(back).toMatchObject({ apart: false, tell: false })
    expect(place(back)).toBe(1)
  })

  it('tells the room what was done here when nothing was done there', () => {
    const back = play(hear(1), lost, done(50), hear(1))
    expect(back).toMatchObject({ apart: false, tell: true })
    expect(place(back)).toBe(50)
  })

  it('tells again what was on its way when the line went', () => {
    expect(play(hear(1), done(50, 'a'), lost, hear(1))).toMatchObject({ tell: true })
  })

  it('follows the room when nobody reads here, or when it is no line away', () => {
    expect(place(play(hear(1), lost, hear(7, { reading: false })))).toBe(7)
    expect(place(play(hear(1), lost, hear(7, { far: false })))).toBe(7)
  })

  it('keeps the reader’s place when the room has gone elsewhere, until somebody gives an order', () => {
    const back = play(hear(1), lost, hear(7))
    expect(back).toMatchObject({ apart: true, tell: false })
    expect(place(back)).toBe(1)
    expect(step(back, hear(7))).toMatchObject({ apart: true })
    expect(place(step(back, hear(8)))).toBe(8)
    expect(step(back, hear(8)).apart).toBe(false)
    expect(place(step(back, { type: 'rejoined' }))).toBe(7)
  })

  it('keeps its place and says nothing when both did something', () => {
    const back = play(hear(1), lost, done(50), hear(7))
    expect(back).toMatchObject({ apart: true, tell: false })
    expect(place(back)).toBe(50)
  })

  it('stays apart when the room is told something that is no order to move', () => {
    const back = play(hear(1), lost, hear(7))
    // A note, a dark screen: a higher revision, the same motion.
    const noted: StepEvent = { type: 'heard', transport: { ...at(7), revision: 8 }, reading: true, far: true }
    expect(step(back, noted)).toMatchObject({ apart: true })
    expect(place(step(back, noted))).toBe(1)
  })

  it('does what a room says that counts from another beginning', () => {
    const told = play(hear(40), done(50, 'a'), answered('a', 41), lost, { type: 'renumbered' })
    const back = step(step(told, hear(2, { far: false })), hear(3))
    expect(place(back)).toBe(3)
  })

  it('stays apart over a second loss', () => {
    const again = play(hear(1), lost, hear(7), lost, hear(7))
    expect(again).toMatchObject({ apart: true, tell: false })
    expect(place(again)).toBe(1)
  })
})

describe('the place and the pace', () => {
  const goal: Goal = { playing: true, position: 10, rate: 4, at_ms: 1000, shared: true }

  it('follow the clock from the moment on, within the text', () => {
    expect([0, 1000, 2000, 1e9].map((now) => positionAt(goal, now, 500))).toEqual([10, 10, 14, 500])
    expect(positionAt({ ...goal, rate: -4 }, 9e9, 500)).toBe(0)
    expect(positionAt({ ...goal, playing: false }, 9e9, 500)).toBe(10)
  })

  it('catches up by a hair, never by a leap, in either direction', () => {
    expect(catchUp(4, 0)).toBe(4)
    expect(catchUp(4, 0.1)).toBeCloseTo(4.1)
    expect([catchUp(4, 9), catchUp(4, -9)]).toEqual([4.4, 3.6])
    expect([catchUp(-4, 9), catchUp(-4, -9)]).toEqual([-3.6, -4.4])
  })

  it('bring two displays together whatever they begin with', () => {
    const [one, two] = [{ at: 0 }, { at: 3 }]
    for (let now = 0; now < 10_000; now += 200) {
      for (const display of [one, two]) {
        const behind = positionAt({ ...goal, position: 1, at_ms: 0 }, now, 1e6) - display.at
        display.at += catchUp(4, behind) * 0.2
      }
    }
    // 50 ms of reading are a fifth of a character.
    expect(Math.abs(one.at - two.at)).toBeLessThan(0.2)
  })
})
