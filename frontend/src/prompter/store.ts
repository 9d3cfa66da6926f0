import { create } from 'zustand'
import type { PrompterState } from '../generated/protocol'
import type { SocketStatus } from '../wire/socket'
import { isPaired } from './api'
import { keepSettings, paceWithin, readSettings, type Settings } from './settings'
import { apply, EMPTY_STAGE, type Stage, type StageEvent } from './stage'

/** What the room says besides the text. */
export interface Live {
  readonly blank: boolean
  readonly note: PrompterState['note'] | undefined
  /** The text that is about to come on. */
  readonly cut: PrompterState | undefined
  /** The room is elsewhere; this display keeps its reader's place. */
  readonly apart: boolean
  /** When the text starts to move (the server's clock). */
  readonly startAt: number
  /** When it is to be read to its end. */
  readonly target: number | undefined
  /** What comes next in the rundown. */
  readonly upcoming: string | undefined
  /** When the room went live, and when its text last moved (the server's clock). */
  readonly since?: number | null | undefined
  readonly moved?: number | undefined
}

export interface Desk {
  readonly stage: Stage
  readonly settings: Settings
  readonly status: SocketStatus
  /** 字/分 in use: the script's until the reader changes it. */
  readonly pace: number
  readonly live: Live
  /** A paired screen: it does what the room does, and its reader can only look, unless it does not follow. */
  readonly bound: boolean
  /** A finger at the edge is changing the pace. */
  readonly swiping?: boolean
  dispatch(event: StageEvent): void
  change(settings: Partial<Settings>): void
  setPace(pace: number): void
  setLive(live: Partial<Live>): void
  setStatus(status: SocketStatus): void
}

/** Whether what is done here would be done for the room, and this screen may not. */
export const isBound = ({ bound, settings }: Desk): boolean => bound && settings.follow

const same = (live: Live, changed: Partial<Live>): boolean =>
  (Object.keys(changed) as (keyof Live)[]).every((name) => live[name] === changed[name])

export const useDesk = create<Desk>()((set) => ({
  stage: EMPTY_STAGE,
  settings: readSettings(),
  status: { state: 'connecting' },
  pace: 240,
  live: {
    blank: false,
    note: undefined,
    cut: undefined,
    apart: false,
    startAt: 0,
    target: undefined,
    upcoming: undefined,
  },
  bound: isPaired,
  dispatch: (event) =>
    set(({ stage, pace }) => {
      const after = apply(stage, event)
      // Another script brings its own pace; a correction of the present one does not touch the reader's.
      const other = after.shown !== stage.shown && after.arrival.kind === 'start' && after.shown
      return { stage: after, pace: other ? paceWithin(other.pace) : pace }
    }),
  change: (changed) =>
    set(({ settings }) => {
      const after = { ...settings, ...changed }
      keepSettings(after)
      return { settings: after }
    }),
  setPace: (pace) => set({ pace }),
  setLive: (changed) => set(({ live }) => (same(live, changed) ? {} : { live: { ...live, ...changed } })),
  setStatus: (status) => set({ status }),
}))
