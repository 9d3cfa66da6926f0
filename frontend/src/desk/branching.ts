import type { InterruptView, MessageView, ThreadSnapshot } from '../generated/protocol'
import { backFrom } from '../review/takenBack'
import { activeRun, tellsTakenBack } from './timeline'

/** Where a new thread begins: after the run `after` (null: with nothing), and what is then in its input. */
export interface BranchPoint {
  readonly after: string | null
  readonly draft: string
}

/**
 * Where one branches off at a message: behind what an agent wrote; before what a person said, whose words are then there
 * to be changed. `undefined` while its run is at work, or when it belongs to none.
 */
export function branchPoint(thread: ThreadSnapshot, message: MessageView): BranchPoint | undefined {
  const place = thread.runs.findIndex(({ id }) => id === message.run_id)
  if (place < 0 || tellsTakenBack(message)) return undefined
  if (message.role === 'user') {
    const before = thread.runs[place - 1]
    // A run that is to be kept must be over, or waiting for somebody: what is under way has no end to begin at.
    if (before && !settled(before.status)) return undefined
    return { after: before?.id ?? null, draft: message.content }
  }
  const run = thread.runs[place]
  // A run that wrote several drafts has its end behind the last: behind an earlier one there is nowhere to begin.
  const last = thread.messages.findLast(({ role, run_id }) => role === 'assistant' && run_id === run?.id)
  return run && last?.id === message.id && settled(run.status) ? { after: run.id, draft: '' } : undefined
}

const settled = (status: string) => !['enqueued', 'queued', 'running'].includes(status)

/** How another text is had: by a hint to the writer of what waits, or by asking again when nothing runs. */
export type Again = { by: 'hint'; interrupt: InterruptView } | { by: 'message' }

/** How the text `messageId` is written anew, if it is the thread's latest script and that is possible now. */
export function againOf(thread: ThreadSnapshot, messageId: string): Again | undefined {
  const latest = latestScript(thread)
  if (latest?.id !== messageId) return undefined
  const interrupt = pendingOf(thread)
  if (interrupt)
    return writerOf(thread, interrupt).run_id === latest.run_id && interrupt.allowed.includes('respond')
      ? { by: 'hint', interrupt }
      : undefined
  return activeRun(thread) ? undefined : { by: 'message' }
}

/**
 * The last text that was written to be said by a host, as its writer left it. While a text waits that was put up again
 * after its rejection was taken back, it is that one, and not what was begun in its stead.
 */
export function latestScript(thread: ThreadSnapshot): MessageView | undefined {
  const interrupt = pendingOf(thread)
  const asked = interrupt && writerOf(thread, interrupt)
  const putUp = asked !== interrupt ? asked : undefined
  return thread.messages.findLast(
    ({ role, quality, run_id, seq }) =>
      role === 'assistant' && quality !== null && (!putUp || (run_id === putUp.run_id && seq < putUp.seq)),
  )
}

const pendingOf = ({ interrupts }: ThreadSnapshot) =>
  interrupts.findLast(({ status }) => status === 'pending')

/** The question by which a text waited first, in the run that wrote it. */
function writerOf({ interrupts }: ThreadSnapshot, interrupt: InterruptView): InterruptView {
  let first = interrupt
  for (;;) {
    const of = backFrom(first.params)?.of
    const before = interrupts.find(({ id, seq }) => id === of && seq < first.seq)
    if (!before) return first
    first = before
  }
}
