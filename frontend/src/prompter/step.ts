import type { Transport } from '../generated/protocol'

/**
 * Which of two things a display does: what the room does (`room`), or what its own reader had it do (`own`) and the room
 * does not know yet, or will not know.
 *
 * What the reader does here is done at once and told to the room; until the room has answered, what it says does not count.
 * Without a line the display goes on alone. When the line comes back, the one that is being read keeps its place:
 * - nothing happened on either side: both are at the same place anyway;
 * - only here something was done: this is where the reading is, so the room is told of it;
 * - only in the room: nobody reads here (it stands), or it is no line away: do as the room does. Else the reader is in the
 *   middle of a text that the room has left: no jump, the display stays `apart` until its reader rejoins the room, has the
 *   room follow, or somebody gives the room a new order;
 * - on both sides: `apart`, as above.
 */
export interface Step {
  readonly room: Transport | undefined
  readonly own: Transport | undefined
  /** The reader's last act, as long as the room has not answered. */
  readonly asked: string | undefined
  /** The revision from which on the room knows the reader's last act. */
  readonly known: number
  readonly away: boolean
  /** Something was done here while the line was away. */
  readonly touched: boolean
  readonly apart: boolean
  /** The room is to be told what is done here. */
  readonly tell: boolean
}

export type StepEvent =
  /** `reading`: the text moves here; `far`: the room is a line or more away. */
  | { type: 'heard'; transport: Transport | undefined; reading: boolean; far: boolean }
  /** Done here; told to the room under this id, or not told. */
  | { type: 'done'; transport: Transport; asked: string | undefined }
  | { type: 'answered'; id: string; revision: number | undefined }
  | { type: 'lost' }
  | { type: 'rejoined' }
  /** The text is another: what was done with the one before is no more. */
  | { type: 'fresh' }
  /** The room counts from another beginning: its database was restored. */
  | { type: 'renumbered' }

export const ALONE: Step = {
  room: undefined,
  own: undefined,
  asked: undefined,
  known: 0,
  away: false,
  touched: false,
  apart: false,
  tell: false,
}

/** What the display does. */
export const goalOf = ({ own, room }: Step): Transport | undefined => own ?? room

export function step(now: Step, event: StepEvent): Step {
  switch (event.type) {
    case 'heard':
      return event.transport ? heard({ ...now, tell: false }, event.transport, event) : now
    case 'done':
      return {
        ...now,
        own: event.transport,
        asked: event.asked,
        touched: now.touched || now.away,
        tell: false,
      }
    case 'answered': {
      if (event.id !== now.asked) return now
      // Refused: the room's word counts again.
      if (event.revision === undefined) return { ...now, asked: undefined, own: undefined }
      const up = (now.room?.revision ?? 0) >= event.revision
      return { ...now, asked: undefined, known: event.revision, own: up ? undefined : now.own }
    }
    case 'lost':
      return now.away ? now : { ...now, away: true, touched: now.asked !== undefined, asked: undefined }
    case 'rejoined':
      return { ...now, own: undefined, apart: false }
    case 'fresh':
      return { ...now, own: undefined, apart: false, touched: false }
    case 'renumbered':
      return { ...now, known: 0 }
  }
}

function sameMotion(a: Transport, b: Transport | undefined): boolean {
  return (['version', 'playing', 'position', 'rate', 'at_ms'] as const).every((part) => a[part] === b?.[part])
}

function heard(now: Step, room: Transport, { reading, far }: { reading: boolean; far: boolean }): Step {
  // A note or a dark screen raises the revision, too, and is no order to move.
  const changed = !sameMotion(room, now.room)
  if (now.away) {
    const back = { ...now, room, away: false, touched: false }
    if (!changed) return { ...back, tell: now.touched && !now.apart }
    if (far && (reading || now.touched)) return { ...back, own: goalOf(now), apart: true }
    return { ...back, own: undefined, apart: false }
  }
  if (now.apart) return changed ? { ...now, room, own: undefined, apart: false } : { ...now, room }
  if (now.asked !== undefined || room.revision < now.known) return { ...now, room }
  return changed || now.own || room.revision !== now.room?.revision ? { ...now, room, own: undefined } : now
}
