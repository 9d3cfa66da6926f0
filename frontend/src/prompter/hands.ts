import type { RefObject } from 'react'
import type { BarActions } from './Bar'
import { watchGamepad } from './gamepad'
import { type Action, actionOf } from './keys'
import type { Lead } from './lead'
import type { Player } from './player'
import { toggleFullscreen } from './screen'
import { useDesk } from './store'

/** What keys and pads take hold of. */
export interface Hands {
  readonly actions: BarActions
  readonly player: RefObject<Player | undefined>
  readonly paged: boolean
  act(what: (hand: Lead) => void): void
  resize(by: number): void
}

function perform(action: Action, { actions, act, player, paged, resize }: Hands): unknown {
  const { settings: now, change } = useDesk.getState()
  switch (action.do) {
    case 'toggle':
      return actions.toggle()
    case 'stop':
      return act((hand) => hand.pause())
    case 'pace':
      return actions.pace(action.by)
    case 'step':
      return act((hand) => hand.seek(player.current?.beside(action.unit, action.direction)))
    case 'edge':
      return act((hand) => hand.seek(action.end ? player.current?.lineOf(Number.POSITIVE_INFINITY) : 0))
    case 'size':
      return resize(action.by)
    case 'mirror':
      return change(action.axis === 'h' ? { mirrorH: !now.mirrorH } : { mirrorV: !now.mirrorV })
    case 'fullscreen':
      return void toggleFullscreen()
    case 'band':
      return change({ band: !now.band })
    case 'hud':
      return change({ hud: !now.hud })
    case 'reverse':
      return act((hand) => hand.reverse())
    case 'pages':
      return change({ pages: !paged })
    case 'take':
      return actions.take()
    case 'menu':
      return actions.menu()
  }
}

/** What goes on for as long as its key is held; all else is done once a press, or it would undo itself. */
const held: ReadonlySet<Action['do']> = new Set(['pace', 'step', 'size'])

export function press(event: KeyboardEvent, hands: Hands): void {
  // 229: Safari says of the key that ends a composition that nothing is composed.
  if (event.isComposing || event.keyCode === 229) return
  // A focused button keeps its own Enter and Space.
  const onButton = event.target instanceof HTMLButtonElement && (event.key === 'Enter' || event.key === ' ')
  const { singleKeys, keys } = useDesk.getState().settings
  const action = onButton ? undefined : actionOf(event, singleKeys, keys)
  if (!action) return
  event.preventDefault()
  if (!event.repeat || held.has(action.do)) perform(action, hands)
}

export const watchPad = (hands: Hands): (() => void) => watchGamepad((action) => perform(action, hands))
