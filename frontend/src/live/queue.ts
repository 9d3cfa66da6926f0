import type { PrompterState } from '../generated/protocol'
import { spokenIn } from '../prompter/script'
import { onStage, waiting } from '../room/place'
import { secondsOf } from '../room/sections'
import type { Entry } from './api'

/** What an entry of the rundown is to the room now. */
export type Standing = 'onAir' | 'waiting' | 'next' | 'held' | 'said' | 'queued'

type Shown = Pick<PrompterState, 'script_id' | 'script_version'>

const is = (entry: Entry, shown: Shown | undefined): boolean =>
  shown !== undefined && entry.script_id === shown.script_id && entry.script_version === shown.script_version

/**
 * Each entry's standing. What comes next is what waits on the teleprompter, as its screens say; else the first one behind
 * what it has that was not on air yet, else the first at all: as the server tells the displays. Of what may not go on air now
 * it is told that, next or not.
 */
export function standings(
  entries: readonly Entry[],
  state: PrompterState | undefined,
  held: ReadonlySet<string>,
): ReadonlyMap<string, Standing> {
  const read = state && state.version > 0 ? onStage(state) : undefined
  const waits = state && waiting(state)
  const next = waits ? undefined : upcoming(entries, read)?.id
  return new Map(
    entries.map((entry) => {
      if (is(entry, waits)) return [entry.id, 'waiting']
      if (is(entry, read)) return [entry.id, 'onAir']
      if (held.has(entry.id)) return [entry.id, 'held']
      if (entry.id === next) return [entry.id, 'next']
      return [entry.id, entry.aired_at !== null ? 'said' : 'queued']
    }),
  )
}

function upcoming(entries: readonly Entry[], last: Shown | undefined): Entry | undefined {
  const place = entries.findIndex((entry) => is(entry, last))
  const behind = [...entries.slice(place + 1), ...entries.slice(0, Math.max(0, place))]
  return behind.find((entry) => entry.aired_at === null)
}

/** Seconds that a text takes to read aloud at a pace in 字/分. */
export const secondsToRead = (content: string, pace: number): number => secondsOf(spokenIn(content), pace)

/** The ids after one of them came to another place. */
export function placed(ids: readonly string[], id: string, place: number): string[] {
  const others = ids.filter((one) => one !== id)
  if (others.length === ids.length) return [...ids]
  others.splice(Math.min(others.length, Math.max(0, place)), 0, id)
  return others
}

/** The place among rows with these middles for something that is dragged to `y`. */
export const placeAt = (y: number, middles: readonly number[]): number =>
  middles.filter((middle) => middle < y).length

/** Seconds of "1:30", "90" or "1：05"; `undefined` for anything else, and for what nobody reads in. */
export function secondsOfClock(typed: string): number | undefined {
  const match = /^(?:(\d{1,3})[:：])?(\d{1,5})$/.exec(typed.trim())
  if (!match) return undefined
  const [minutes, seconds] = [Number(match[1] ?? 0), Number(match[2])]
  if (match[1] !== undefined && seconds > 59) return undefined
  const total = minutes * 60 + seconds
  return total >= 1 && total <= 86_400 ? total : undefined
}
