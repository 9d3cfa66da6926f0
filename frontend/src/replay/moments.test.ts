import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { AnyThreadEvent, ThreadSnapshot } from '../generated/protocol'
import { apply, emptyThread } from '../session/reducer'
import { askedKey, decidedKey } from '../shared/replayLink'
import type { Airing, Checkpoint } from './api'
import { foldingOf } from './folding'
import { checkpointAt, checkpointBefore, kindOf, momentsOf, onScreenAt, placeOf } from './moments'

const START = Date.parse('2026-11-22T10:00:00Z')
const iso = (seconds: number) => new Date(START + seconds * 1000).toISOString()

const event = (seq: number, seconds: number, fields: Record<string, unknown>) =>
  ({
    thread_id: 't',
    event_id: `e${seq}`,
    seq,
    at: iso(seconds),
    run_id: 'r',
    attempt: 1,
    ...fields,
  }) as AnyThreadEvent

const said = (seq: number, seconds: number) =>
  event(seq, seconds, {
    type: 'message_complete',
    message_id: `m${seq}`,
    role: 'user',
    content: '写一段',
    status: 'complete',
  })
const node = (seq: number, seconds: number, status: string) =>
  event(seq, seconds, { type: 'node', node: 'script', status, elapsed_ms: 5, detail: {} })

const checkpoint = (version: number, seq: number, seconds: number, fields: Partial<Checkpoint> = {}) =>
  ({
    version,
    seq,
    run_id: 'r',
    status: 'running',
    intact: true,
    created_at: iso(seconds),
    ...fields,
  }) as Checkpoint

const airing = (fields: Partial<Airing>) =>
  ({
    room_id: 'room',
    script_id: 's',
    script_version: 1,
    put_at: iso(5),
    shown_at: iso(5),
    ended_at: null,
    on_screen: false,
    ...fields,
  }) as Airing

describe('moments', () => {
  const events = [said(1, 0), node(2, 1, 'started'), node(3, 2, 'finished'), said(4, 10)]

  test('a state stands behind its last event, whichever of the two was written first', () => {
    const moments = momentsOf({
      events,
      // Written 5 ms before the event that belongs to it, as it happens.
      checkpoints: [checkpoint(1, 1, 0), checkpoint(2, 3, 1.995)],
      airings: [],
    })
    expect(moments.map(({ key }) => key)).toEqual(['1', 'v1', '2', '3', 'v2', '4'])
    const times = moments.map(({ at }) => at)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(moments[4]?.seq).toBe(3)
  })

  test('what was on a screen stands where its time is, and what came on at once is told once', () => {
    const moments = momentsOf({
      events,
      checkpoints: [],
      airings: [
        airing({ put_at: iso(5), shown_at: iso(5), ended_at: iso(20) }),
        airing({ put_at: iso(6), shown_at: iso(8) }),
        airing({ put_at: iso(7), shown_at: null }),
      ],
    })
    expect(moments.map(({ key, seq }) => [key, seq])).toEqual([
      ['1', 1],
      ['2', 2],
      ['3', 3],
      ['a0shown', 3],
      ['a1put', 3],
      ['a2put', 3],
      ['a1shown', 3],
      ['4', 4],
      ['a0ended', 4],
    ])
  })

  test('a link names a moment by its key, by a question to people, or by a time', () => {
    const asked = { interrupt_id: 'q', version: 1 }
    const moments = momentsOf({
      events: [
        ...events,
        event(5, 11, { type: 'interrupt', ...asked }),
        event(6, 12, { type: 'interrupt_updated', ...asked }),
        event(7, 13, { type: 'interrupt_resolved', decision: 'reject', ...asked }),
      ],
      checkpoints: [checkpoint(2, 3, 2)],
      airings: [],
    })
    const keyAt = (at: string | null) => moments[placeOf(moments, at)]?.key
    expect([keyAt('2'), keyAt('v2')]).toEqual(['2', 'v2'])
    expect([keyAt(askedKey('q')), keyAt(decidedKey('q'))]).toEqual(['5', '7'])
    expect(keyAt(iso(6))).toBe('v2')
    expect([keyAt(iso(-60)), keyAt(iso(99))]).toEqual(['1', '7'])
    // What is not there any more, or never was.
    for (const gone of [null, 'v99', '77', '<b>', 'ask-nobody', 'decide-x'])
      expect(keyAt(gone), String(gone)).toBe('7')
  })

  test('two things of one millisecond are told apart', () => {
    const close = [said(1, 0), said(2, 0)].map((one, place) => ({
      ...one,
      at: `2026-11-22T10:00:00.${place === 0 ? '123400' : '123900'}Z`,
    }))
    const moments = momentsOf({ events: close, checkpoints: [], airings: [] })
    expect(placeOf(moments, '2026-11-22T10:00:00.123800Z')).toBe(0)
    expect(placeOf(moments, '2026-11-22T10:00:00.123900Z')).toBe(1)
  })

  test('failures, edits and what a screen shows have lanes of their own', () => {
    const kinds = (fields: Record<string, unknown>) => kindOf(event(1, 0, fields))
    expect(kinds({ type: 'run', status: 'failed' })).toBe('error')
    expect(kinds({ type: 'run', status: 'completed' })).toBe('step')
    expect(kinds({ type: 'message_complete', status: 'failed' })).toBe('error')
    expect(kinds({ type: 'interrupt_resolved', decision: 'edit' })).toBe('edit')
    expect(kinds({ type: 'interrupt_resolved', decision: 'reject' })).toBe('decision')
    expect(kinds({ type: 'interrupt_resolved', decision: 'on_air' })).toBe('air')
    expect(kinds({ type: 'tool_result', result: { error: 'gone' } })).toBe('error')
    const broken = momentsOf({ events, checkpoints: [checkpoint(1, 1, 0, { intact: false })], airings: [] })
    expect(broken.find(({ key }) => key === 'v1')?.kind).toBe('error')
  })

  test('the state of a moment is the last one before it, compared with the one before in the same run', () => {
    const checkpoints = [checkpoint(1, 1, 0), checkpoint(2, 3, 2, { run_id: 'other' }), checkpoint(3, 4, 10)]
    const moments = momentsOf({ events, checkpoints, airings: [] })
    expect(checkpointAt(moments, 0)).toBeUndefined()
    expect(checkpointAt(moments, 2)?.version).toBe(1)
    expect(checkpointAt(moments, moments.length - 1)?.version).toBe(3)
    expect(checkpointBefore(checkpoints, checkpoints[2] as Checkpoint)?.version).toBe(1)
    expect(checkpointBefore(checkpoints, checkpoints[1] as Checkpoint)).toBeUndefined()
  })

  test('a screen shows a text until another came on; without an end that was noted, only its beginning is sure', () => {
    const at = (seconds: number) => START + seconds * 1000
    const ended = airing({ shown_at: iso(5), ended_at: iso(9) })
    expect([4, 5, 8, 9].map((second) => onScreenAt([ended], at(second)).length)).toEqual([0, 1, 1, 0])
    expect(onScreenAt([airing({ shown_at: iso(5), on_screen: true })], at(99))).toHaveLength(1)
    expect(onScreenAt([airing({ shown_at: iso(5) })], at(99))).toEqual([])
    expect(onScreenAt([airing({ shown_at: null })], at(99))).toEqual([])
  })
})

describe('the thread at each moment', () => {
  const folder = '../tests/support/traces'
  const traces = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map(
      (name) =>
        JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as {
          frames: AnyThreadEvent[]
          snapshot: ThreadSnapshot
        },
    )

  test('is the fold of all that had happened, in whichever order one looks', () => {
    expect(traces.length).toBeGreaterThan(3)
    for (const { frames } of traces) {
      const events = [...frames]
        .filter(({ seq }, place) => frames.findIndex((one) => one.seq === seq) === place)
        .sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0))
      const at = foldingOf(events)
      const last = events.at(-1)?.seq ?? 0
      for (const seq of [last, 0, Math.floor(last / 2), last + 5, 1, last]) {
        const expected = events.filter((one) => (one.seq ?? 0) <= seq).reduce(apply, emptyThread)
        expect(at(seq)).toEqual(expected)
      }
    }
  })

  test('is found again from what was kept of a long thread', () => {
    const events = Array.from({ length: 450 }, (_, place) => said(place + 1, place))
    const at = foldingOf(events)
    for (const seq of [450, 120, 0, 399, 100, 101, 450])
      expect(at(seq).messages.map(({ id }) => id)).toEqual(events.slice(0, seq).map(({ seq: n }) => `m${n}`))
  })
})
