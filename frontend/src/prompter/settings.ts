import type { OwnKeys } from './keys'

export type Theme = 'black' | 'night' | 'paper' | 'amber'
export const THEMES: readonly Theme[] = ['black', 'night', 'paper', 'amber']

/** What this display remembers; `undefined` pace or size follows the script or the screen. */
export interface Settings {
  readonly size: number | undefined
  readonly mirrorH: boolean
  readonly mirrorV: boolean
  readonly theme: Theme
  readonly band: boolean
  readonly hud: boolean
  /** Turn pages instead of scrolling; `undefined` follows the system's wish for less motion. */
  readonly pages: boolean | undefined
  readonly language: 'zh' | 'en'
  /** How the director's page calls this display. */
  readonly name: string
  /** Do what the room does. */
  readonly follow: boolean
  /** Count down before a start. */
  readonly countdown: boolean
  /** Letters, digits and signs are keys. */
  readonly singleKeys: boolean
  /** Nothing that touches the screen does anything. */
  readonly locked: boolean
  /** The keys, where they are not the usual ones. */
  readonly keys?: OwnKeys | undefined
  /** The address of the room that was open last, for who comes from the home screen. */
  readonly at: string
}

export const PACE = { least: 120, most: 420 } as const
export const SIZE = { least: 24, most: 160 } as const
const KEY = 'cuedesk.prompter'

const bounded = (value: number, { least, most }: { least: number; most: number }): number =>
  Math.min(most, Math.max(least, value))
export const paceWithin = (pace: number): number => bounded(Math.round(pace), PACE)
export const sizeWithin = (size: number): number => bounded(Math.round(size), SIZE)

/** The size for a screen when none was chosen. */
export const sizeFor = (width: number, height: number): number =>
  Math.round(Math.min(84, Math.max(34, 0.072 * Math.min(width, height))))

export function readSettings(): Settings {
  const start: Settings = {
    size: undefined,
    mirrorH: false,
    mirrorV: false,
    theme: 'black',
    band: true,
    hud: true,
    pages: undefined,
    language: 'zh',
    name: '',
    follow: true,
    countdown: false,
    singleKeys: true,
    locked: false,
    at: '',
  }
  try {
    // That of the console on this device, which is Chinese until somebody chooses.
    const spoken = localStorage.getItem('cuedesk:language') ?? start.language
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Settings>
    return {
      ...start,
      language: spoken.startsWith('en') ? 'en' : 'zh',
      ...kept,
      theme: THEMES.includes(kept.theme as Theme) ? (kept.theme as Theme) : 'black',
    }
  } catch {
    // Storage may be blocked or hold something else; the display works without.
    return start
  }
}

export function keepSettings(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings))
  } catch {
    // See above: nothing is lost but the memory of the next visit.
  }
}
