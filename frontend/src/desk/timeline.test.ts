import { expect, test } from 'vitest'
import type { InterruptView, MessageView, RunView, ScriptView, ThreadSnapshot } from '../generated/protocol'
import { emptyThread } from '../session/reducer'
import { multitaskNow, refusalNow, timeline } from './timeline'

const run = (status: RunView['status'], id = 'r') => ({ id, status, seq: 1, run_id: id }) as RunView
const said = (seq: number, view: Partial<MessageView> = {}) =>
  ({
    id: `m${seq}`,
    seq,
    run_id: 'r',
    role: 'assistant',
    agent: 'chat',
    status: 'complete',
    ...view,
  }) as MessageView
const asked = said(1, { role: 'user', agent: null })
const draft = said(2, { agent: 'script' })
const card = (status: InterruptView['status']) => ({ id: 'i', seq: 3, run_id: 'r', status }) as InterruptView
const script = { script_id: 's', version: 1, seq: 4, run_id: 'r' } as ScriptView
const now = (view: Partial<ThreadSnapshot>) =>
  multitaskNow({ ...emptyThread, runs: [run('running')], ...view })

test('behind the last word of a run a message waits for its end unnoticed', () => {
  expect(now({ messages: [asked, said(2)] })).toBe('enqueue')
  expect(now({ messages: [asked, said(2, { agent: 'clarify' })] })).toBe('enqueue')
  expect(now({ messages: [asked, draft], interrupts: [card('approve')] })).toBe('enqueue')
  expect(now({ messages: [asked, draft], interrupts: [card('edit')] })).toBe('enqueue')
  expect(now({ messages: [asked, draft], interrupts: [card('cancelled')] })).toBe('enqueue')
  expect(now({ messages: [asked, draft], interrupts: [card('approve')], scripts: [script] })).toBe('enqueue')
})

test('a run that has more to say is not waited for unasked', () => {
  expect(now({ messages: [asked] })).toBe('reject')
  expect(now({ messages: [asked, said(2, { status: 'writing' })] })).toBe('reject')
  expect(now({ messages: [asked, draft] })).toBe('reject')
  // No, and why: the next draft is on its way.
  expect(now({ messages: [asked, draft], interrupts: [card('reject')] })).toBe('reject')
  // The script of a part is final and the next part is being written.
  const next = said(5, { agent: 'script', status: 'writing' })
  expect(now({ messages: [asked, draft, next], interrupts: [card('approve')], scripts: [script] })).toBe(
    'reject',
  )
})

test('an open decision is answered first, whatever was said beside it', () => {
  const beside = said(5)
  expect(
    now({ runs: [run('waiting')], messages: [asked, draft, beside], interrupts: [card('pending')] }),
  ).toBe('reject')
})

test('the words of other runs say nothing of the one at work', () => {
  const other = said(6, { run_id: 'old' })
  expect(now({ messages: [asked, other] })).toBe('reject')
  expect(multitaskNow({ ...emptyThread, runs: [run('completed')], messages: [asked, said(2)] })).toBe(
    'reject',
  )
})

test('a refusal follows the run that stood in the way, and goes with it', () => {
  const refusal = { code: 'interrupt_pending', message: '', content: '换成面膜', runId: 'r' }
  const then = (code: string, view: Partial<ThreadSnapshot>) =>
    refusalNow({ ...refusal, code }, { ...emptyThread, ...view })?.code
  // Sent while it was being written, and by now it waits; and the other way round.
  expect(then('thread_busy', { runs: [run('waiting')] })).toBe('interrupt_pending')
  expect(then('thread_busy', { runs: [run('running')], interrupts: [card('pending')] })).toBe(
    'interrupt_pending',
  )
  expect(then('interrupt_pending', { runs: [run('running')], interrupts: [card('reject')] })).toBe(
    'thread_busy',
  )
  expect(then('interrupt_pending', { runs: [run('completed')] })).toBeUndefined()
  expect(then('thread_busy', { runs: [run('completed'), run('running', 'next')] })).toBeUndefined()
  // The run is not known here yet, and other refusals have nothing to do with one.
  expect(then('thread_busy', {})).toBe('thread_busy')
  expect(then('rate_limited', { runs: [run('completed')] })).toBe('rate_limited')
})

test('that a run was stopped is said once: under the text it was writing, else below what it left', () => {
  const stopped = run('cancelled')
  const cut = said(2, { agent: 'script', status: 'cancelled', content: '姐妹们，' })
  const keys = (view: Partial<ThreadSnapshot>) =>
    timeline({ ...emptyThread, runs: [stopped], ...view }).map(({ key }) => key)
  expect(keys({ messages: [asked, cut] })).toEqual(['m1', 'm2'])
  // Nothing is shown of a text without a word; a question that was withdrawn does not say it of the run.
  expect(keys({ messages: [asked, { ...cut, content: '' }] })).toEqual(['m1', 'm2', 'end-r'])
  expect(keys({ messages: [asked, cut], interrupts: [card('cancelled')] })).toEqual([
    'm1',
    'm2',
    'i',
    'end-r',
  ])
  // Why one failed is told besides.
  expect(keys({ runs: [run('failed')], messages: [asked, cut] })).toEqual(['m1', 'm2', 'end-r'])
})
