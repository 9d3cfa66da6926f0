import { expect, test } from 'vitest'
import type { InterruptView, MessageView, RunView, ThreadSnapshot } from '../generated/protocol'
import { emptyThread } from '../session/reducer'
import { againOf, branchPoint, latestScript } from './branching'

const run = (id: string, status: RunView['status']) => ({ id, status, run_id: id }) as RunView
const quality = { verdict: 'pass' } as unknown as MessageView['quality']
const said = (id: string, run_id: string) =>
  ({ id, run_id, role: 'user', content: `说 ${id}`, quality: null }) as MessageView
const written = (id: string, run_id: string) =>
  ({ id, run_id, role: 'assistant', content: '稿', quality }) as MessageView
const pending = (run_id: string, allowed: InterruptView['allowed']) =>
  ({ id: 'i', run_id, allowed, status: 'pending', version: 1, params: {} }) as unknown as InterruptView
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

test('a text that waits again since its rejection was taken back is written anew from where it stands', () => {
  const at = <T extends object>(seq: number, one: T) => ({ ...one, seq })
  const rejected = at(3, { ...pending('r1', []), id: 'old', status: 'reject' as const })
  const back = (of: string, id: string, seq: number, run_id: string) =>
    at(seq, { ...pending(run_id, ['respond']), id, params: { taken_back: { of, by_name: '阿敏' } } })
  const half = at(4, written('m9', 'r1'))
  const messages = [at(1, ask), at(2, draft), half]
  const once = thread([run('r1', 'cancelled'), run('r2', 'waiting')], messages, [
    rejected,
    back('old', 'new', 5, 'r2'),
  ])
  expect(againOf(once, 'm2')).toMatchObject({ by: 'hint', interrupt: { id: 'new' } })
  expect(againOf(once, 'm9')).toBeUndefined()
  expect(latestScript(once)?.id).toBe('m2')
  const twice = thread([run('r1', 'cancelled'), run('r3', 'waiting')], messages, [
    rejected,
    { ...back('old', 'new', 5, 'r2'), status: 'reject' as const },
    back('new', 'newer', 6, 'r3'),
  ])
  expect(againOf(twice, 'm2')).toMatchObject({ by: 'hint', interrupt: { id: 'newer' } })
})

test('at the line that tells of a rejection taken back nobody branches off', () => {
  const line = { ...said('m4', 'r2'), agent: 'taken_back' } as MessageView
  expect(
    branchPoint(thread([run('r1', 'cancelled'), run('r2', 'waiting')], [ask, line]), line),
  ).toBeUndefined()
})
