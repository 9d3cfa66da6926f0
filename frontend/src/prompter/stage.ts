import type { PrompterState } from '../generated/protocol'

/** What the reader is doing with the text. */
export type Motion = 'paused' | 'running' | 'finished'

/** How the shown text came: from its beginning, or as another version of what is being read. */
export type Arrival = { readonly kind: 'start'; readonly position: number } | { readonly kind: 'patch' }

export interface Stage {
  readonly shown: PrompterState | undefined
  /** Received while another script was being read; waits to be taken. */
  readonly next: PrompterState | undefined
  readonly motion: Motion
  readonly arrival: Arrival
  /** The newest version received, shown or not. */
  readonly version: number
}

export type StageEvent =
  /** `led`: the room's stage counts, not what is being read here; a text that comes on then begins at `position`. */
  | { type: 'received'; state: PrompterState; led?: boolean; position?: number }
  | { type: 'restored'; state: PrompterState; position: number }
  | { type: 'moved'; motion: Motion }
  | { type: 'taken' }
  /** The server's numbering is another one (its database was restored). */
  | { type: 'renumbered' }

const FROM_START: Arrival = { kind: 'start', position: 0 }

export const EMPTY_STAGE: Stage = {
  shown: undefined,
  next: undefined,
  motion: 'paused',
  arrival: FROM_START,
  version: -1,
}

export const isEmpty = (state: PrompterState | undefined): boolean => !state?.content.trim()

/** The teleprompter's rules: text that is being read is never taken away, but may be corrected in place. */
export function apply(stage: Stage, event: StageEvent): Stage {
  switch (event.type) {
    case 'received':
      return event.led ? led(stage, event.state, event.position ?? 0) : receive(stage, event.state)
    case 'restored':
      if (stage.shown) return stage
      return {
        ...stage,
        shown: event.state,
        version: event.state.version,
        arrival: { kind: 'start', position: event.position },
      }
    case 'moved':
      return stage.motion === event.motion ? stage : { ...stage, motion: event.motion }
    case 'taken':
      if (!stage.next) return stage
      return { ...stage, shown: stage.next, next: undefined, motion: 'paused', arrival: FROM_START }
    case 'renumbered':
      return { ...stage, version: -1 }
  }
}

function receive(stage: Stage, state: PrompterState): Stage {
  if (state.version <= stage.version) return stage
  const { shown, motion } = stage
  const received = { ...stage, version: state.version }
  if (shown && !isEmpty(shown) && !isEmpty(state) && sameScript(shown, state)) {
    return { ...received, shown: state, next: undefined, arrival: { kind: 'patch' } }
  }
  if (motion === 'running' && !isEmpty(shown)) return { ...received, next: state }
  return { ...received, shown: state, next: undefined, motion: 'paused', arrival: FROM_START }
}

/** Whether the server said this before it said that. */
export function isOlder(said: PrompterState, known: PrompterState): boolean {
  if (said.version !== known.version) return said.version < known.version
  return (said.transport?.revision ?? 0) < (known.transport?.revision ?? 0)
}

/** The text on the room's stage. */
export const onStage = (state: PrompterState): PrompterState =>
  state.stage ? { ...state, ...state.stage } : state

/** The room decides what is read: a text that is being read goes when the room takes another. */
function led(stage: Stage, state: PrompterState, position: number): Stage {
  if (state.version < stage.version) return stage
  const [shown, text] = [stage.shown, onStage(state)]
  const next = state.stage ? state : undefined
  const version = state.version
  if (shown?.version === text.version) {
    return stage.next?.version === next?.version && stage.version === version
      ? stage
      : { ...stage, version, next }
  }
  if (shown && text.version > shown.version && !isEmpty(shown) && !isEmpty(text) && sameScript(shown, text)) {
    return { ...stage, version, next, shown: text, arrival: { kind: 'patch' } }
  }
  const arrival: Arrival = { kind: 'start', position }
  return { ...stage, version, next, shown: text, motion: 'paused', arrival }
}

/** Text without a script (a note cued by hand) is the same only when it reads the same. */
function sameScript(a: PrompterState, b: PrompterState): boolean {
  return a.script_id === null || b.script_id === null ? a.content === b.content : a.script_id === b.script_id
}
