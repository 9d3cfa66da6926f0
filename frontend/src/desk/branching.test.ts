import { expect, test } from 'vitest'
import type { InterruptView, MessageView, RunView, ThreadSnapshot } from '../generated/protocol'
import { emptyThread } from '../session/reducer'
import { againOf, branchPoint } from './branching'

const run = (id: string, status: RunView['status']) => ({ id, status, run_id: id }) as RunView
const quality = { verdict: 'pass' } as unknown as MessageView['quality']
const said = (id: string, run_id: string) =>
  ({ id, run_id, role: 'user', content: `说 ${id}`, quality: null }) as MessageView
const written = (id: string, run_id: string) =>
  ({ id, run_id, role: 'assistant', content: '稿', quality }) as MessageView
const pending = (run_id: string, allowed: InterruptView['allowed']) =>
  ({ id: 'i', run_id, allowed, status: 'pending', version: 1 }) as InterruptView
const thread = (
  runs: RunView[],
  messages: MessageView[],
  interrupts: InterruptView[] = [],
): ThreadSnapshot => ({
  ...emptyThread,
  runs,
  messages,
  interrupts,
})

const [ask, draft, more] = [said('m1', 'r1'), written('m2', 'r1'), said('m3', 'r2')]

test('a branch at what was said begins before it, with the words to be changed; at a text it begins behind it', () => {
  const two = thread([run('r1', 'completed'), run('r2', 'waiting')], [ask, draft, more])
  expect(branchPoint(two, ask)).toEqual({ after: null, draft: '说 m1' })
  expect(branchPoint(two, more)).toEqual({ after: 'r1', draft: '说 m3' })
  expect(branchPoint(two, draft)).toEqual({ after: 'r1', draft: '' })
})

test('behind an earlier draft of a run there is nowhere to begin: its end is behind the last', () => {
  const rewritten = thread([run('r1', 'waiting')], [ask, draft, written('m4', 'r1')])
  expect(branchPoint(rewritten, draft)).toBeUndefined()
  expect(branchPoint(rewritten, written('m4', 'r1'))).toEqual({ after: 'r1', draft: '' })
})

test('what is still being written has no end to branch off at', () => {
  const busy = thread([run('r1', 'running')], [ask, draft])
  expect(branchPoint(busy, draft)).toBeUndefined()
  expect(branchPoint(thread([], [ask]), ask)).toBeUndefined()
})

test('only the latest script is written anew: by a hint while it waits, by a message when nothing runs', () => {
  const waiting = thread([run('r1', 'waiting')], [ask, draft], [pending('r1', ['approve', 'respond'])])
  expect(againOf(waiting, 'm2')?.by).toBe('hint')
  expect(againOf(waiting, 'm1')).toBeUndefined()
  expect(againOf(thread([run('r1', 'completed')], [ask, draft]), 'm2')).toEqual({ by: 'message' })
})

test('nothing is offered that would be refused: another question waits, a hint is not taken, a run is at work', () => {
  const runs = [run('r1', 'waiting')]
  expect(againOf(thread(runs, [ask, draft], [pending('r1', ['approve'])]), 'm2')).toBeUndefined()
  expect(againOf(thread(runs, [ask, draft], [pending('r9', ['respond'])]), 'm2')).toBeUndefined()
  expect(againOf(thread([run('r1', 'running')], [ask, draft]), 'm2')).toBeUndefined()
})
