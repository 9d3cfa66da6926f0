import type { Slots } from './useSend'

/** `/` something to do, `@` a product or host the request is about, `#` a request to start from. */
export type PickerKind = 'command' | 'subject' | 'template'

/** A picker is asked for by what stands between `start` and `end` of the text (UTF-16 units, as fields count). */
export interface Trigger {
  readonly kind: PickerKind
  readonly query: string
  readonly start: number
  readonly end: number
}

/** One thing to pick: text put in the place of what was typed, slots it sets, or something done at once. */
export interface Pick {
  readonly key: string
  readonly label: string
  readonly hint?: string
  /** Other words by which it is found. */
  readonly keywords?: string
  readonly insert?: string
  readonly slots?: Slots
  readonly run?: () => void
}

/** Something that `/` does: at once, or by putting words into the input. */
export interface Command {
  readonly name: 'new' | 'stop' | 'again' | 'shorter' | 'longer' | 'copy' | 'export' | 'prompter'
  readonly run?: () => void
  readonly insert?: string
}

const MOST = 8
// A command is the whole message; the others stand anywhere, Chinese has no spaces, but not within an address (a@b).
const command = /^\s*\/([^\s/]{0,20})$/u
const subject = /(?<![A-Za-z0-9])@([^\s@#，。！？、；：]{0,30})$/u
const template = /(?<![A-Za-z0-9])#([^\s@#，。！？、；：]{0,30})$/u

/** What is being picked where the caret stands, if anything. */
export function triggerAt(text: string, caret: number): Trigger | undefined {
  const before = text.slice(0, caret)
  const found = (kind: PickerKind, pattern: RegExp): Trigger | undefined => {
    const query = pattern.exec(before)?.[1]
    return query === undefined ? undefined : { kind, query, start: caret - query.length - 1, end: caret }
  }
  return found('command', command) ?? found('subject', subject) ?? found('template', template)
}

/** Those that match what was typed, those whose name begins with it first. */
export function matching(picks: readonly Pick[], query: string): Pick[] {
  const wanted = query.toLowerCase()
  const place = ({ label, keywords = '' }: Pick) => {
    const name = label.toLowerCase()
    if (name.startsWith(wanted) || keywords.toLowerCase().split(' ').includes(wanted)) return 0
    return name.includes(wanted) || keywords.toLowerCase().includes(wanted) ? 1 : 2
  }
  return picks
    .map((pick) => ({ pick, at: place(pick) }))
    .filter(({ at }) => at < 2)
    .sort((a, b) => a.at - b.at)
    .slice(0, MOST)
    .map(({ pick }) => pick)
}

/** The text with what was picked in the place of what asked for it, and where the caret goes. */
export function withPicked(text: string, { start, end }: Trigger, insert: string) {
  return { text: text.slice(0, start) + insert + text.slice(end), caret: start + insert.length }
}
