import type { AnyThreadEvent, MessageView, ThreadSnapshot } from '../generated/protocol'
import { apply, emptyThread } from '../session/reducer'

const EVERY = 100

/** The thread as it was after each event: the reducer's own fold, from the last of some that are kept. */
export function foldingOf(events: readonly AnyThreadEvent[]): (seq: number) => ThreadSnapshot {
  const kept: { next: number; thread: ThreadSnapshot }[] = [{ next: 0, thread: emptyThread }]
  return (seq) => {
    let { next, thread } = kept.findLast((one) => one.thread.seq <= seq) ?? { next: 0, thread: emptyThread }
    for (; next < events.length; next += 1) {
      const event = events[next]
      if (!event || (event.seq ?? 0) > seq) break
      thread = apply(thread, event)
      if ((next + 1) % EVERY === 0 && (kept.at(-1)?.next ?? 0) < next + 1)
        kept.push({ next: next + 1, thread })
    }
    return thread
  }
}

/** A text that somebody wrote for the teleprompter, and where it came from. */
export interface Draft {
  readonly seq: number
  readonly text: string
  readonly by: 'writer' | 'person' | 'final'
  /** Its checks, when they were about exactly this text. */
  readonly quality: MessageView['quality']
}

/** The texts of a script up to a moment, the last one last: what was written, what people made of it, what was final. */
export function draftsOf(thread: ThreadSnapshot): Draft[] {
  const drafts: Draft[] = [
    ...thread.messages
      .filter(({ role, agent, content }) => role === 'assistant' && agent === 'script' && content)
      .map(({ seq, content, quality }) => ({
        seq,
        text: content,
        by: 'writer' as const,
        quality: quality?.content === content ? quality : null,
      })),
    ...thread.interrupts.flatMap(({ seq, status, content }) =>
      status === 'edit' && content ? [{ seq, text: content, by: 'person' as const, quality: null }] : [],
    ),
    ...thread.scripts.map(({ seq, content }) => ({
      seq,
      text: content,
      by: 'final' as const,
      quality: null,
    })),
  ]
  return drafts.sort((a, b) => a.seq - b.seq)
}
