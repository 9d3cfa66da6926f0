import type { ThreadRecord } from './api'
import { type Moment, momentsOf } from './moments'
import type { Words } from './words'

/** A thread's record for another program; `masked` are its events without personal data. */
export function asJson(record: ThreadRecord, masked: ThreadRecord['events'], now: Date): string {
  const { thread, checkpoints, airings } = record
  const { id, title, created_at } = thread
  const told = {
    thread: { id, title, created_at },
    exported_at: now.toISOString(),
    events: masked,
    checkpoints,
    airings,
  }
  return `${JSON.stringify(told, null, 2)}\n`
}

/** A thread's record for people: a line for each moment, the texts of messages and decisions whole below theirs. */
export function asText(
  record: ThreadRecord,
  masked: ThreadRecord['events'],
  words: Words & { readonly kind: (kind: Moment['kind']) => string; readonly title: string },
): string {
  const lines = momentsOf({ ...record, events: masked }).flatMap((moment) => [
    `${new Date(moment.at).toISOString()}  [${words.kind(moment.kind)}] ${words.moment(moment)}`,
    ...wholeOf(moment)
      .split('\n')
      .filter(Boolean)
      .map((line) => `    ${line}`),
  ])
  return `${[words.title, '', ...lines].join('\n')}\n`
}

/** The text that a moment's sentence has only the beginning of. */
function wholeOf(moment: Moment): string {
  if (moment.source !== 'event') return ''
  const { event } = moment
  switch (event.type) {
    case 'message_complete':
      return event.content
    case 'interrupt_resolved':
      return [event.feedback, event.content].filter(Boolean).join('\n')
    case 'script_finalized':
      return event.content
    default:
      return ''
  }
}
