import type { DisplayView, PrompterState, StageText, Transport } from '../generated/protocol'

/** How long a report is carried on by itself: a display that says nothing for longer stands where it was. */
const CARRIED_MS = 6000

const between = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** Where the room is at `now` (the server's clock, milliseconds): characters from the start of the text on stage. */
export function placeOfRoom({ playing, position, rate, length, at_ms }: Transport, now: number): number {
  const gone = playing ? (rate * Math.max(0, now - at_ms)) / 1000 : 0
  return between(position + gone, 0, length)
}

/** Where a display is at `now`, carried on from its last report at the speed it told. */
export function placeOfDisplay(display: DisplayView, transport: Transport, now: number): number {
  if (!display.playing) return between(display.position, 0, transport.length)
  const speed = transport.pace > 0 ? (Math.abs(transport.rate) / transport.pace) * display.pace : 0
  const direction = transport.rate < 0 ? -1 : 1
  const gone = (direction * speed * between(now - display.seen_ms, 0, CARRIED_MS)) / 1000
  return between(display.position + gone, 0, transport.length)
}

/** The text that is being read: that of the state, or the one on stage while a newer one waits. */
export function onStage(state: PrompterState): StageText {
  if (state.stage) return state.stage
  const { version, script_id, script_version, title, content, pieces } = state
  return { version, script_id, script_version, title, content, ...(pieces && { pieces }) }
}

/** The text that waits to be taken, if one does. */
export function waiting(state: PrompterState): PrompterState | undefined {
  return state.stage && state.transport && state.transport.version < state.version ? state : undefined
}

/** How a display is, worst first. */
export type Health = 'away' | 'hidden' | 'behind' | 'alone' | 'fine'

export function healthOf(display: DisplayView, stageVersion: number): Health {
  if (display.away) return 'away'
  if (display.hidden) return 'hidden'
  if (display.version < stageVersion) return 'behind'
  if (!display.following) return 'alone'
  return 'fine'
}

/** What a display is called; those without a name by their number. */
export function nameOf(display: DisplayView, displays: readonly DisplayView[], unnamed: string): string {
  if (display.name) return display.name
  const nameless = displays.filter(({ name }) => name === '')
  return nameless.length > 1 ? `${unnamed} ${nameless.findIndex(({ id }) => id === display.id) + 1}` : unnamed
}

/** The display whose line counts: the first by name that is in view and in step, else the first that is there. */
export function leading(displays: readonly DisplayView[], stageVersion: number): DisplayView | undefined {
  const order: Health[] = ['fine', 'alone', 'hidden']
  for (const wanted of order) {
    const found = displays.find((display) => healthOf(display, stageVersion) === wanted)
    if (found) return found
  }
  return undefined
}

/**
 * One step of a drawn place towards the true one: small differences are closed within a second, a seek in a third of it;
 * who wants no motion is where the truth is.
 */
export function eased(drawn: number, truth: number, elapsedMs: number, calm: boolean): number {
  if (calm || Math.abs(truth - drawn) < 0.01) return truth
  const share = 1 - Math.exp(-Math.max(0, elapsedMs) / 120)
  return drawn + (truth - drawn) * share
}
