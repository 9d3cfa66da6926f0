import { create } from 'zustand'
import type { SocketStatus } from '../wire/socket'
import { keepSettings, paceWithin, readSettings, type Settings } from './settings'
import { apply, EMPTY_STAGE, type Stage, type StageEvent } from './stage'

export interface Desk {
  readonly stage: Stage
  readonly settings: Settings
  readonly status: SocketStatus
  /** 字/分 in use: the script's until the reader changes it. */
  readonly pace: number
  dispatch(event: StageEvent): void
  change(settings: Partial<Settings>): void
  setPace(pace: number): void
  setStatus(status: SocketStatus): void
}

export const useDesk = create<Desk>()((set) => ({
  stage: EMPTY_STAGE,
  settings: readSettings(),
  status: { state: 'connecting' },
  pace: 240,
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
  setPace: (pace) => set({ pace: paceWithin(pace) }),
  setStatus: (status) => set({ status }),
}))
