import type { ThreadSnapshot } from '../generated/protocol'
import { tellsTakenBack, timeline, titleTold } from './timeline'

/** The words of an exported conversation, in the reader's language. */
export interface TranscriptWords {
  readonly untitled: string
  readonly writer: string
  /** What became of a script that was decided. */
  readonly outcome: (status: string, by: string | undefined) => string
  /** Who took which rejection back. */
  readonly takenBack: (name: string, title: string) => string
  readonly final: (title: string, version: number) => string
  readonly time: (iso: string) => string
}

/** A conversation as Markdown: who said what and when, what was decided, and the final scripts whole. */
export function transcript(thread: ThreadSnapshot, words: TranscriptWords): string {
  const lines = [`# ${thread.title || words.untitled}`]
  for (const entry of timeline(thread)) {
    if (entry.kind === 'message' && tellsTakenBack(entry.message)) {
      const { author, content } = entry.message
      lines.push(`> ${words.takenBack(author?.name ?? '', titleTold(content))}`)
    } else if (entry.kind === 'message' && entry.message.content) {
      const { role, author, at, content } = entry.message
      const name = role === 'user' ? (author?.name ?? '') : words.writer
      lines.push(`**${name}**${at ? ` · ${words.time(at)}` : ''}`, content)
    } else if (entry.kind === 'interrupt' && entry.interrupt.status !== 'pending') {
      const { status, by, feedback } = entry.interrupt
      lines.push(`> ${words.outcome(status, by?.name)}${feedback ? `\n>\n> ${oneLine(feedback)}` : ''}`)
    } else if (entry.kind === 'script') {
      const { title, version, content } = entry.script
      lines.push(`## ${words.final(title, version)}`, content)
    }
  }
  return `${lines.join('\n\n')}\n`
}

const oneLine = (text: string) => text.replaceAll('\n', ' ')

/** A name under which every system takes a file. */
export function fileName(title: string, ending: string): string {
  const plain = title.replace(/[\\/:*?"<>|\p{Cc}]+/gu, ' ').trim()
  return `${Array.from(plain).slice(0, 60).join('') || 'cuedesk'}.${ending}`
}
