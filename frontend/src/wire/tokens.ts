import type { MessageSnapshot, Token } from '../generated/protocol'

/** The text of one message under way: all pieces of `attempt` before number `next`. */
export interface LiveText {
  readonly agent: string
  readonly attempt: number
  readonly next: number
  readonly text: string
}

/**
 * `applied`: the text changed. `ignored`: an older attempt or a piece already shown. `gap`: pieces are missing; the text
 * stays as it is and the caller subscribes again, which brings a snapshot.
 */
export type Outcome = 'applied' | 'ignored' | 'gap'

export interface Merged {
  readonly text: LiveText | undefined
  readonly outcome: Outcome
}

/** Lay a piece or a snapshot over the text of its message (`undefined`: nothing known of it yet). Pure. */
export function merge(known: LiveText | undefined, frame: Token | MessageSnapshot): Merged {
  if (known && frame.attempt < known.attempt) return { text: known, outcome: 'ignored' }
  const current = known && frame.attempt === known.attempt ? known : undefined
  const next = current?.next ?? 0
  if (frame.type === 'message_snapshot') {
    if (current && frame.i < next) return { text: known, outcome: 'ignored' }
    const { agent, attempt, i, content } = frame
    return { text: { agent, attempt, next: i, text: content }, outcome: 'applied' }
  }
  if (frame.i + frame.n <= next) return { text: known, outcome: 'ignored' }
  // Ahead of its turn, or joined of pieces of which only some are known: it cannot be fitted in.
  if (frame.i !== next) return { text: known, outcome: 'gap' }
  const { agent, attempt, content } = frame
  return {
    text: { agent, attempt, next: next + frame.n, text: (current?.text ?? '') + content },
    outcome: 'applied',
  }
}

/** All messages under way, by message id. */
export type LiveTexts = Readonly<Record<string, LiveText>>

/** `merge` for a set of messages; returns the same object when nothing changed. */
export function mergeInto(
  texts: LiveTexts,
  frame: Token | MessageSnapshot,
): { texts: LiveTexts; outcome: Outcome } {
  const { text, outcome } = merge(texts[frame.message_id], frame)
  if (outcome !== 'applied' || !text) return { texts, outcome }
  return { texts: { ...texts, [frame.message_id]: text }, outcome }
}

/** Forget a message: its whole text came with `message_complete`. */
export function drop(texts: LiveTexts, messageId: string): LiveTexts {
  if (!(messageId in texts)) return texts
  const { [messageId]: _done, ...rest } = texts
  return rest
}
