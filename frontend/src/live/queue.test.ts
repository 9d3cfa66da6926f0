import { expect, test } from 'vitest'
import type { PrompterState } from '../generated/protocol'
import type { Entry } from './api'
import { placeAt, placed, secondsOfClock, secondsToRead, standings } from './queue'

const entry = (id: string, aired = false, version = 1): Entry => ({
  id,
  show_id: null,
  show_name: null,
  starts_at: null,
  show_item_id: null,
  position: null,
  product_name: null,
  scenario: 'opening',
  planned_seconds: null,
  script_id: `script-${id}`,
  script_version: version,
  title: id,
  content: '大家好。',
  pace: 240,
  placed_at: '',
  aired_at: aired ? '2026-11-22T10:00:00Z' : null,
})

const shows = (read: string | null, waits?: string): PrompterState => {
  const script = (id: string | null) => ({ script_id: id && `script-${id}`, script_version: id ? 1 : null })
  return {
    type: 'prompter_state',
    room_id: 'r',
    version: read ? 4 : 0,
    ...script(waits ?? read),
    title: '',
    content: '',
    pace: 240,
    updated_at: '',
    acked_version: 0,
    acked_at: null,
    position: 0,
    transport: {
      revision: 1,
      version: waits ? 3 : 4,
      playing: true,
      position: 0,
      rate: 4,
      pace: 240,
      length: 4,
      at_ms: 0,
      target_at_ms: null,
    },
    stage: waits ? { version: 3, ...script(read), title: '', content: '' } : null,
    blank: false,
    note: null,
    rundown_revision: 0,
    next_title: null,
  }
}

const told = (entries: Entry[], state: PrompterState | undefined, held: string[] = []) => [
  ...standings(entries, state, new Set(held)).values(),
]

test('each entry is what it is to the room', () => {
  const rundown = [entry('a', true), entry('b', true), entry('c'), entry('d')]
  expect(told(rundown, shows('b'))).toEqual(['said', 'onAir', 'next', 'queued'])
  // What waits is what comes next, on the screens too: nothing else is called so.
  expect(told(rundown, shows('b', 'c'))).toEqual(['said', 'onAir', 'waiting', 'queued'])
  expect(told(rundown, shows('b'), ['d'])).toEqual(['said', 'onAir', 'next', 'held'])
  // What would come next may not go on air: that is told, and nothing else is next in its place.
  expect(told(rundown, shows('b'), ['c'])).toEqual(['said', 'onAir', 'held', 'queued'])
})

test('what was passed over comes after the end; before anything is on air the first one comes', () => {
  expect(told([entry('a'), entry('b', true)], shows('b'))).toEqual(['next', 'onAir'])
  expect(told([entry('a'), entry('b')], shows(null))).toEqual(['next', 'queued'])
  expect(told([entry('a'), entry('b')], undefined)).toEqual(['next', 'queued'])
  // Another version of what is on air is another text.
  expect(told([entry('a', false, 2), entry('b')], shows('a'))).toEqual(['next', 'queued'])
})

test('an entry is moved among the others', () => {
  expect(placed(['a', 'b', 'c'], 'c', 0)).toEqual(['c', 'a', 'b'])
  expect(placed(['a', 'b', 'c'], 'a', 1)).toEqual(['b', 'a', 'c'])
  expect(placed(['a', 'b', 'c'], 'a', 9)).toEqual(['b', 'c', 'a'])
  expect(placed(['a', 'b'], 'x', 0)).toEqual(['a', 'b'])
  expect(placeAt(5, [10, 20])).toBe(0)
  expect(placeAt(15, [10, 20])).toBe(1)
  expect(placeAt(25, [10, 20])).toBe(2)
})

test('a time to finish in is minutes and seconds', () => {
  expect(secondsOfClock('1:30')).toBe(90)
  expect(secondsOfClock(' 2：05 ')).toBe(125)
  expect(secondsOfClock('45')).toBe(45)
  for (const wrong of ['', '0', '1:60', '1:', 'x', '-5', '99999', '1:2:3'])
    expect(secondsOfClock(wrong)).toBeUndefined()
})

test('the time of a text is that of what is read aloud', () => {
  expect(secondsToRead('【举起杯子】大家好。', 180)).toBe(1)
})
