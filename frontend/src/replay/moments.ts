import type { AnyThreadEvent } from '../generated/protocol'
import { askedKey, decidedKey } from '../shared/replayLink'
import type { Airing, Checkpoint, ThreadRecord } from './api'

export const kinds = ['message', 'step', 'edit', 'decision', 'air', 'error'] as const
export type MomentKind = (typeof kinds)[number]

interface Place {
  /** Names it within its thread, in links. */
  readonly key: string
  readonly kind: MomentKind
  /** Milliseconds since 1970; never before the moment before. */
  readonly at: number
  /** The last event that had happened by then: the thread is the fold of all up to it. */
  readonly seq: number
}

/** One thing that happened: a fact of the thread, a state that a run left behind, or something on a teleprompter. */
export type Moment = Place &
  (
    | { readonly source: 'event'; readonly event: AnyThreadEvent }
    | { readonly source: 'checkpoint'; readonly checkpoint: Checkpoint }
    | { readonly source: 'airing'; readonly airing: Airing; readonly phase: 'put' | 'shown' | 'ended' }
  )

/** A time in milliseconds with what the database knows below them: two things of one millisecond have an order. */
function timeOf(iso: string): number {
  const below = /\.\d{3}(\d+)/.exec(iso)?.[1]
  return Date.parse(iso) + (below ? Number(`0.${below}`) : 0)
}

/** Which lane a fact of a thread belongs to. */
export function kindOf(event: AnyThreadEvent): MomentKind {
  switch (event.type) {
    case 'message_complete':
      return event.status === 'failed' ? 'error' : 'message'
    case 'clarification':
      return 'message'
    case 'run':
      return event.status === 'failed' ? 'error' : 'step'
    case 'interrupt':
    case 'interrupt_updated':
    case 'interrupt_expired':
      return 'decision'
    case 'interrupt_resolved':
      return event.decision === 'edit' ? 'edit' : event.decision === 'on_air' ? 'air' : 'decision'
    case 'script_finalized':
      return 'air'
    case 'tool_result':
      return 'error' in event.result ? 'error' : 'step'
    default:
      return 'step'
  }
}

const fromEvent = (event: AnyThreadEvent, seq: number): Moment => ({
  source: 'event',
  key: String(seq),
  kind: kindOf(event),
  at: timeOf(event.at ?? '') || 0,
  seq,
  event,
})

const fromCheckpoint = (checkpoint: Checkpoint): Moment => ({
  source: 'checkpoint',
  key: `v${checkpoint.version}`,
  kind: checkpoint.intact && checkpoint.status !== 'failed' ? 'step' : 'error',
  at: timeOf(checkpoint.created_at),
  seq: checkpoint.seq,
  checkpoint,
})

function fromAiring(airing: Airing, place: number, seqAt: (at: number) => number): Moment[] {
  const moment = (phase: 'put' | 'shown' | 'ended', time: string): Moment => {
    const at = timeOf(time)
    return { source: 'airing', key: `a${place}${phase}`, kind: 'air', at, seq: seqAt(at), airing, phase }
  }
  const { put_at, shown_at, ended_at } = airing
  return [
    // What came on at once is told once.
    ...(shown_at === put_at ? [] : [moment('put', put_at)]),
    ...(shown_at ? [moment('shown', shown_at)] : []),
    ...(ended_at ? [moment('ended', ended_at)] : []),
  ]
}

const rank = { event: 0, checkpoint: 1, airing: 2 } as const

/**
 * Everything that happened, in order: a state stands behind the last event that belongs to it, what was on a screen where
 * its time is. (Times of the two kinds come from one clock, the database's.)
 */
export function momentsOf({
  events,
  checkpoints,
  airings,
}: Pick<ThreadRecord, 'events' | 'checkpoints' | 'airings'>): Moment[] {
  const facts = events.flatMap((event) => (event.seq === null ? [] : [fromEvent(event, event.seq)]))
  const seqAt = (at: number) => facts.findLast((fact) => fact.at <= at)?.seq ?? 0
  const all = [
    ...facts,
    ...checkpoints.map(fromCheckpoint),
    ...airings.flatMap((airing, place) => fromAiring(airing, place, seqAt)),
  ].sort((a, b) => a.seq - b.seq || rank[a.source] - rank[b.source] || a.at - b.at)
  let latest = 0
  return all.map((moment) => {
    latest = Math.max(latest, moment.at)
    return moment.at === latest ? moment : { ...moment, at: latest }
  })
}

const isNamed = (moment: Moment, named: string): boolean => {
  if (moment.key === named) return true
  if (moment.source !== 'event' || !('interrupt_id' in moment.event)) return false
  const { type, interrupt_id } = moment.event
  if (type === 'interrupt') return askedKey(interrupt_id) === named
  return type !== 'interrupt_updated' && decidedKey(interrupt_id) === named
}

/** The place of the moment that a link names: by its key, by what was asked or decided, or the last one at a time. */
export function placeOf(moments: readonly Moment[], named: string | null): number {
  if (!named) return moments.length - 1
  // What was asked again is meant as it was asked last.
  const known = moments.findLastIndex((moment) => isNamed(moment, named))
  if (known >= 0) return known
  const at = timeOf(named)
  // A number alone would be read as a year.
  if (Number.isNaN(at) || /^[\w-]*$/.test(named)) return moments.length - 1
  return Math.max(
    0,
    moments.findLastIndex((moment) => moment.at <= at),
  )
}

/** The last state that had been left by a moment. */
export function checkpointAt(moments: readonly Moment[], place: number): Checkpoint | undefined {
  for (let at = Math.min(place, moments.length - 1); at >= 0; at -= 1) {
    const moment = moments[at]
    if (moment?.source === 'checkpoint') return moment.checkpoint
  }
  return undefined
}

/** The state before this one in the same run. */
export function checkpointBefore(
  checkpoints: readonly Checkpoint[],
  { run_id, version }: Checkpoint,
): Checkpoint | undefined {
  return checkpoints.findLast((one) => one.run_id === run_id && one.version < version)
}

/** What stood on a teleprompter at a moment. */
export function onScreenAt(airings: readonly Airing[], at: number): Airing[] {
  return airings.filter(
    ({ shown_at, ended_at, on_screen }) =>
      shown_at !== null &&
      timeOf(shown_at) <= at &&
      // Without an end it is there still, or nobody noted what came after: then only its beginning is sure.
      (ended_at === null ? on_screen || timeOf(shown_at) === at : timeOf(ended_at) > at),
  )
}
