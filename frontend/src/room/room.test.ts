import { expect, test } from 'vitest'
import type { DisplayView, PrompterState, Transport } from '../generated/protocol'
import { parse } from '../prompter/script'
import { isOlder } from '../prompter/stage'
import { eased, healthOf, leading, onStage, placeOfDisplay, placeOfRoom, waiting } from './place'
import { secondsOf, sectionAt, sectionBeside, sectionsOf, spokenLeft } from './sections'

const transport = (more: Partial<Transport> = {}): Transport => ({
  revision: 1,
  version: 3,
  playing: true,
  position: 10,
  rate: 4,
  pace: 240,
  length: 100,
  at_ms: 1000,
  target_at_ms: null,
  ...more,
})

const display = (more: Partial<DisplayView> = {}): DisplayView => ({
  id: 'a',
  name: '主屏',
  person: { id: 'p', name: '小雅' },
  version: 3,
  position: 20,
  playing: true,
  pace: 240,
  size: 72,
  mirror_h: true,
  mirror_v: false,
  hidden: false,
  following: true,
  battery: null,
  charging: null,
  round_trip_ms: null,
  seen_ms: 1000,
  away: false,
  ...more,
})

const state = (more: Partial<PrompterState> = {}): PrompterState => ({
  type: 'prompter_state',
  room_id: 'r',
  version: 3,
  script_id: 's',
  script_version: 1,
  title: '开场',
  content: '大家好。',
  pace: 240,
  updated_at: '',
  acked_version: 0,
  acked_at: null,
  position: 0,
  transport: transport(),
  stage: null,
  blank: false,
  note: null,
  rundown_revision: 0,
  next_title: null,
  ...more,
})

test('a room stands until its moment, runs at its rate, and never leaves its text', () => {
  expect(placeOfRoom(transport(), 500)).toBe(10)
  expect(placeOfRoom(transport(), 3000)).toBe(18)
  expect(placeOfRoom(transport(), 999_000)).toBe(100)
  expect(placeOfRoom(transport({ rate: -4 }), 999_000)).toBe(0)
  expect(placeOfRoom(transport({ playing: false }), 3000)).toBe(10)
})

test('a display is carried on from its report at its own pace, for a while', () => {
  expect(placeOfDisplay(display(), transport(), 2000)).toBe(24)
  expect(placeOfDisplay(display({ pace: 120 }), transport(), 2000)).toBe(22)
  expect(placeOfDisplay(display(), transport({ rate: -4 }), 2000)).toBe(16)
  // Six seconds without a word: it may have stopped.
  expect(placeOfDisplay(display(), transport(), 60_000)).toBe(44)
  expect(placeOfDisplay(display({ playing: false }), transport(), 60_000)).toBe(20)
  // Its clock may be a moment before ours.
  expect(placeOfDisplay(display(), transport(), 500)).toBe(20)
})

test('what waits is told from what is read', () => {
  const stage = { version: 3, script_id: 's', script_version: 1, title: '开场', content: '大家好。' }
  const docked = state({ version: 4, script_id: 'x', title: '促单', content: '上链接。', stage })
  expect(onStage(docked)).toBe(stage)
  expect(waiting(docked)?.title).toBe('促单')
  expect(onStage(state()).title).toBe('开场')
  expect(waiting(state())).toBeUndefined()
})

test('the worst of a display is told, and the line that leads is of one that is in view and in step', () => {
  expect(healthOf(display({ away: true, hidden: true, version: 2 }), 3)).toBe('away')
  expect(healthOf(display({ hidden: true, version: 2 }), 3)).toBe('hidden')
  expect(healthOf(display({ version: 2 }), 3)).toBe('behind')
  expect(healthOf(display({ following: false }), 3)).toBe('alone')
  expect(healthOf(display(), 3)).toBe('fine')
  const [alone, hidden, fine] = [
    display({ id: '1', following: false }),
    display({ id: '2', hidden: true }),
    display({ id: '3' }),
  ]
  expect(leading([alone, hidden, fine], 3)).toBe(fine)
  expect(leading([hidden, alone], 3)).toBe(alone)
  expect(leading([hidden], 3)).toBe(hidden)
  expect(leading([display({ away: true })], 3)).toBeUndefined()
})

test('a drawn line comes to the truth without passing it, and at once for who wants no motion', () => {
  let drawn = 0
  for (let frame = 0; frame < 60; frame += 1) {
    const next = eased(drawn, 10, 16, false)
    expect(next).toBeGreaterThanOrEqual(drawn)
    expect(next).toBeLessThanOrEqual(10)
    drawn = next
  }
  expect(drawn).toBeGreaterThan(9.9)
  expect(eased(0, 10, 16, true)).toBe(10)
})

const script = parse('大家好，我是小雅。\n\n【举起杯子】今天只要59元。\n点链接。')
const sections = sectionsOf(script)

test('sections know what is read aloud before them', () => {
  expect(sections.map(({ offset, before, spoken }) => [offset, before, spoken])).toEqual([
    [0, 0, 7],
    [11, 7, 7],
    [26, 14, 3],
  ])
  expect(sections[1]?.title).toBe('【举起杯子】今天只要59元。')
})

test('back goes to the beginning first, then to the section before; there is nothing behind the ends', () => {
  expect(sectionAt(sections, 12)).toBe(1)
  expect(sectionBeside(sections, 12, 1)).toBe(26)
  expect(sectionBeside(sections, 20, -1)).toBe(11)
  expect(sectionBeside(sections, 12, -1)).toBe(0)
  expect(sectionBeside(sections, 27, 1)).toBeUndefined()
  expect(sectionBeside(sections, 0, -1)).toBeUndefined()
})

test('what is left shrinks from all of it to nothing', () => {
  expect(spokenLeft(script, sections, 0)).toBe(17)
  expect(spokenLeft(script, sections, 11)).toBe(10)
  expect(spokenLeft(script, sections, script.length)).toBe(0)
  expect(spokenLeft(parse(''), [], 0)).toBe(0)
  expect(secondsOf(240, 240)).toBe(60)
})

test('a word of the server that was overtaken is known by its numbers', () => {
  expect(isOlder(state({ version: 2 }), state())).toBe(true)
  expect(
    isOlder(
      state({ transport: transport({ revision: 1 }) }),
      state({ transport: transport({ revision: 2 }) }),
    ),
  ).toBe(true)
  expect(isOlder(state(), state())).toBe(false)
  expect(isOlder(state({ version: 4, transport: null }), state())).toBe(false)
})
