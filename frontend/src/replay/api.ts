import type { AnyThreadEvent } from '../generated/protocol'
import { bodyOf, everyPage, rest, type Shapes } from '../shared/rest'

export type Checkpoint = Shapes['Checkpoint']
export type Airing = Shapes['Airing']
export type State = Readonly<Record<string, unknown>>

const AT_ONCE = 1000

/** All that is known of what happened in a thread. */
export interface ThreadRecord {
  readonly thread: Shapes['Thread']
  /** In the order of their numbers. */
  readonly events: readonly AnyThreadEvent[]
  /** In the order in which they were made. */
  readonly checkpoints: readonly Checkpoint[]
  readonly airings: readonly Airing[]
}

async function eventsOf(
  thread_id: string,
  masked: boolean,
  onRead: (count: number) => void,
): Promise<AnyThreadEvent[]> {
  const events: AnyThreadEvent[] = []
  let after = 0
  for (;;) {
    const query = { after, limit: AT_ONCE, masked }
    const { items, last_seq } = await bodyOf(
      rest.GET('/api/v1/threads/{thread_id}/events', { params: { path: { thread_id }, query } }),
    )
    // (openapi-fetch widens the pairs of spans to arrays: these are what the socket brings.)
    events.push(...(items as AnyThreadEvent[]))
    onRead(events.length)
    const last = items.at(-1)?.seq ?? last_seq
    // Events that this server cannot read are left out of the answer: an empty one is not the end.
    after = items.length > 0 ? last : after + AT_ONCE
    if (after >= last_seq) return events
  }
}

export const replayApi = {
  read: async (thread_id: string, onRead: (count: number) => void = () => {}): Promise<ThreadRecord> => {
    const params = { path: { thread_id } }
    const [thread, events, checkpoints, airings] = await Promise.all([
      bodyOf(rest.GET('/api/v1/threads/{thread_id}', { params })),
      eventsOf(thread_id, false, onRead),
      everyPage((cursor) =>
        bodyOf(
          rest.GET('/api/v1/threads/{thread_id}/checkpoints', {
            params: { path: { thread_id }, query: { cursor, limit: 100 } },
          }),
        ),
      ),
      bodyOf(rest.GET('/api/v1/threads/{thread_id}/airings', { params })),
    ])
    return { thread, events, checkpoints: checkpoints.reverse(), airings: airings.items }
  },
  /** The same events without personal data: what is taken out of the house. */
  maskedEvents: (thread_id: string) => eventsOf(thread_id, true, () => {}),
  /** What a run knew at a version, without personal data. */
  state: async (thread_id: string, version: number): Promise<State> => {
    const params = { path: { thread_id, version } }
    const { values } = await bodyOf(
      rest.GET('/api/v1/threads/{thread_id}/checkpoints/{version}/replay', { params }),
    )
    return values
  },
}
