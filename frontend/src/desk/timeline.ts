import type { InterruptView, MessageView, RunView, ScriptView, ThreadSnapshot } from '../generated/protocol'
import type { Multitask, Refusal } from './useSend'

export type Entry =
  | { kind: 'message'; key: string; seq: number; message: MessageView }
  | { kind: 'interrupt'; key: string; seq: number; interrupt: InterruptView }
  | { kind: 'script'; key: string; seq: number; script: ScriptView }
  | { kind: 'end'; key: string; seq: number; run: RunView }

const active: ReadonlySet<RunView['status']> = new Set(['enqueued', 'queued', 'running', 'waiting'])

/** The run that is under way, if any. */
export function activeRun(thread: ThreadSnapshot): RunView | undefined {
  return thread.runs.findLast((run) => active.has(run.status))
}

/**
 * What to do with a message sent now. A run whose last word is said (a final script, an answer, a question, a decision that
 * asks for no other draft) only puts things away: the next message waits for it unnoticed instead of being refused.
 */
export function multitaskNow(thread: ThreadSnapshot): Multitask {
  const run = activeRun(thread)
  if (!run) return 'reject'
  const said = timeline(thread).filter((entry) => runOf(entry) === run.id)
  // A line said beside an open decision ends nothing.
  if (said.some((entry) => entry.kind === 'interrupt' && entry.interrupt.status === 'pending'))
    return 'reject'
  const last = said.at(-1)
  return last && isLastWord(last) ? 'enqueue' : 'reject'
}

function isLastWord(entry: Entry): boolean {
  switch (entry.kind) {
    case 'message': // a draft is yet to be checked and put before somebody
      return (
        entry.message.role === 'assistant' &&
        entry.message.status === 'complete' &&
        entry.message.agent !== 'script'
      )
    case 'interrupt':
      return !['pending', 'reject', 'undo'].includes(entry.interrupt.status)
    case 'script':
      return true
    case 'end':
      return true
  }
}

/** Whether the run under way is one that a person has to decide about: the question is shown a moment before the run waits. */
export function waitsForSomebody({ interrupts, runs }: ThreadSnapshot): boolean {
  return (
    interrupts.some(({ status }) => status === 'pending') ||
    runs.findLast(({ status }) => active.has(status))?.status === 'waiting'
  )
}

/** What is to be said of a refusal now: the run that stood in the way may wait by now, be at work again, or be over. */
export function refusalNow(refusal: Refusal | null, thread: ThreadSnapshot): Refusal | null {
  if (refusal?.code !== 'thread_busy' && refusal?.code !== 'interrupt_pending') return refusal
  const run = thread.runs.find(({ id }) => id === refusal.runId)
  // Its beginning may be told here after the refusal.
  if (!run) return refusal
  if (!active.has(run.status)) return null
  return { ...refusal, code: waitsForSomebody(thread) ? 'interrupt_pending' : 'thread_busy' }
}

/** What of the typed text is left when `sent`, which stood there, was taken: all of it if it is another by now. */
export function unsent(typed: string, sent: string): string {
  return typed.startsWith(sent) ? typed.slice(sent.length).trimStart() : typed
}

/** Everything that happened in a thread, in the order in which it began. */
export function timeline(thread: ThreadSnapshot): Entry[] {
  const entries: Entry[] = [
    ...thread.messages.map((message) => ({
      kind: 'message' as const,
      key: message.id,
      seq: message.seq,
      message,
    })),
    ...thread.interrupts.map((interrupt) => ({
      kind: 'interrupt' as const,
      key: interrupt.id,
      seq: interrupt.seq,
      interrupt,
    })),
    ...thread.scripts.map((script) => ({
      kind: 'script' as const,
      key: `${script.script_id}-${script.version}`,
      seq: script.seq,
      script,
    })),
  ]
  for (const run of thread.runs) {
    if (run.status !== 'failed' && run.status !== 'cancelled') continue
    // Runs are placed by their beginning; how one ended is said below the last thing it left behind.
    const left = entries.filter((entry) => runOf(entry) === run.id)
    const seq = Math.max(run.seq, ...left.map((entry) => entry.seq))
    // Under a text that was stopped in the middle it stands already that it was.
    if (run.status === 'cancelled' && left.some((entry) => entry.seq === seq && isCutShort(entry))) continue
    entries.push({ kind: 'end', key: `end-${run.id}`, seq, run })
  }
  return entries.sort((a, b) => a.seq - b.seq || Number(a.kind === 'end') - Number(b.kind === 'end'))
}

/** Whether it is a text that was stopped before its end; of one without a word nothing is shown. */
export const isCutShort = (entry: Entry): boolean =>
  entry.kind === 'message' && entry.message.status === 'cancelled' && entry.message.content !== ''

function runOf(entry: Entry): string | null {
  switch (entry.kind) {
    case 'message':
      return entry.message.run_id
    case 'interrupt':
      return entry.interrupt.run_id
    case 'script':
      return entry.script.run_id
    case 'end':
      return entry.run.id
  }
}

/** Whether a line only tells that somebody took a rejection back: it was not typed, and the page says it in its language. */
export function tellsTakenBack({
  role,
  agent,
}: Pick<MessageView, 'role'> & { agent?: string | null }): boolean {
  return role === 'user' && agent === 'taken_back'
}

/** Which script such a line is about. */
export const titleTold = (content: string): string => /《(.*)》/s.exec(content)?.[1] ?? ''
