import type { Action } from './keys'

const LOOK_MS = 50
/** Pace changes so often while the stick is held. */
const STICK_MS = 200
const A = 0
const BUMPERS = [4, 5] as const
const HELD = 0.5

export interface Pad {
  readonly down: readonly boolean[]
  /** Left stick, up and down: -1 to 1. */
  readonly stick: number
}

/** What a gamepad asks for: what was pressed since the last look, and the stick, which asks again while it is held. */
export function askedBy(before: Pad | undefined, now: Pad, stick: boolean): Action[] {
  const pressed = (button: number) => now.down[button] && !before?.down[button]
  const actions: Action[] = []
  if (pressed(A)) actions.push({ do: 'toggle' })
  if (pressed(BUMPERS[0])) actions.push({ do: 'step', unit: 'paragraph', direction: -1 })
  if (pressed(BUMPERS[1])) actions.push({ do: 'step', unit: 'paragraph', direction: 1 })
  if (stick && Math.abs(now.stick) > HELD) actions.push({ do: 'pace', by: now.stick < 0 ? 5 : -5 })
  return actions
}

/** Look at the first gamepad while there is one. Returns how to stop. */
export function watchGamepad(act: (action: Action) => void): () => void {
  let before: Pad | undefined
  let looked = 0
  const timer = setInterval(() => {
    const pad = navigator.getGamepads?.().find((one) => one?.connected)
    if (!pad) {
      before = undefined
      return
    }
    const now = { down: pad.buttons.map(({ pressed }) => pressed), stick: pad.axes[1] ?? 0 }
    const due = Date.now() - looked >= STICK_MS
    if (due) looked = Date.now()
    // What is held down when the pad appears was not pressed for us.
    if (before) for (const action of askedBy(before, now, due)) act(action)
    before = now
  }, LOOK_MS)
  return () => clearInterval(timer)
}
