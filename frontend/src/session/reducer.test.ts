import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { AnyThreadEvent, ThreadSnapshot } from '../generated/protocol'
import { apply, emptyThread } from './reducer'

const folder = '../tests/support/traces'

interface Trace {
  name: string
  frames: AnyThreadEvent[]
  snapshot: ThreadSnapshot
}

const traces = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name): Trace => ({ name, ...JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) }))

const fold = (frames: readonly AnyThreadEvent[]) => frames.reduce(apply, emptyThread)

/** A small generator with a seed, so that a failure can be seen again. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

test('there are traces to compare with', () => {
  expect(traces.length).toBeGreaterThan(3)
  const types = new Set(traces.flatMap(({ frames }) => frames.map(({ type }) => type)))
  expect(types.size).toBe(17)
})

describe.each(traces)('$name', ({ frames, snapshot }) => {
  test('the browser folds it as the server does', () => {
    expect(fold(frames)).toEqual(snapshot)
  })

  test('events that come again, at any time, change nothing', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const random = generator(seed)
      const played: AnyThreadEvent[] = []
      frames.forEach((frame, place) => {
        played.push(frame)
        while (random() < 0.5) {
          const again = frames[Math.floor(random() * (place + 1))]
          if (again) played.push(again)
        }
      })
      expect(fold(played)).toEqual(snapshot)
    }
  })

  test('a thread read at any point and followed from there is the same thread', () => {
    for (let cut = 0; cut <= frames.length; cut += 1) {
      const read = structuredClone(fold(frames.slice(0, cut)))
      expect(frames.reduce(apply, read)).toEqual(snapshot)
    }
  })
})

test('what an event does not touch keeps its identity, so that it is not drawn again', () => {
  const base = traces.flatMap(({ frames }) => frames).find(({ type }) => type === 'message_complete')
  if (base?.type !== 'message_complete') throw new Error('no message in the traces')
  const before = apply(emptyThread, { ...base, seq: 1 })
  const after = apply(before, { ...base, seq: 2, message_id: '00000000-0000-7000-8000-000000000000' })
  expect(after.messages[0]).toBe(before.messages[0])
  expect(after.runs).toBe(before.runs)
})
