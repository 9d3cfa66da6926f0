export type Action =
  | { do: 'toggle' }
  | { do: 'stop' }
  | { do: 'pace'; by: number }
  | { do: 'step'; unit: 'sentence' | 'paragraph'; direction: 1 | -1 }
  | { do: 'edge'; end: boolean }
  | { do: 'size'; by: number }
  | { do: 'mirror'; axis: 'h' | 'v' }
  | { do: 'fullscreen' | 'band' | 'hud' | 'reverse' | 'menu' | 'pages' | 'take' }

/** What keys can be given to, in the order of the settings. */
export const COMMANDS = {
  toggle: { do: 'toggle' },
  stop: { do: 'stop' },
  faster: { do: 'pace', by: 5 },
  slower: { do: 'pace', by: -5 },
  back: { do: 'step', unit: 'sentence', direction: -1 },
  on: { do: 'step', unit: 'sentence', direction: 1 },
  sectionBack: { do: 'step', unit: 'paragraph', direction: -1 },
  sectionOn: { do: 'step', unit: 'paragraph', direction: 1 },
  begin: { do: 'edge', end: false },
  end: { do: 'edge', end: true },
  take: { do: 'take' },
  reverse: { do: 'reverse' },
  bigger: { do: 'size', by: 4 },
  smaller: { do: 'size', by: -4 },
  mirrorH: { do: 'mirror', axis: 'h' },
  mirrorV: { do: 'mirror', axis: 'v' },
  band: { do: 'band' },
  hud: { do: 'hud' },
  pages: { do: 'pages' },
  fullscreen: { do: 'fullscreen' },
  menu: { do: 'menu' },
} as const satisfies Record<string, Action>

export type Command = keyof typeof COMMANDS
/** The keys of each command, by the names that `nameOf` gives them. */
export type Bindings = Readonly<Record<Command, readonly string[]>>

const KEYBOARD: Bindings = {
  toggle: ['Space', 'Enter', 'b', '.', 'F5'],
  stop: ['0'],
  faster: ['ArrowUp'],
  slower: ['ArrowDown'],
  back: ['ArrowLeft', 'PageUp'],
  on: ['ArrowRight', 'PageDown'],
  sectionBack: ['['],
  sectionOn: [']'],
  begin: ['Home'],
  end: ['End'],
  take: ['n'],
  reverse: ['r'],
  bigger: ['+', '='],
  smaller: ['-', '_'],
  mirrorH: ['m'],
  mirrorV: ['Shift+m'],
  band: ['l'],
  hud: ['h'],
  pages: ['p'],
  fullscreen: ['f'],
  menu: ['Escape', '?'],
}

/**
 * Keys to begin with. A clicker turns pages by sections, and its slide-show button sends F5 and Escape in turns. Of a pedal's
 * two sides, whichever arrows they send, one starts and stops and one goes back.
 */
export const PRESETS = {
  keyboard: KEYBOARD,
  clicker: {
    ...KEYBOARD,
    stop: ['0', 'Escape'],
    back: ['ArrowLeft'],
    on: ['ArrowRight'],
    sectionBack: ['[', 'PageUp'],
    sectionOn: [']', 'PageDown'],
    menu: ['?'],
  },
  pedal: {
    ...KEYBOARD,
    toggle: ['Enter', 'ArrowRight', 'ArrowDown', 'Space', 'b', '.', 'F5'],
    faster: ['PageDown'],
    slower: ['PageUp'],
    back: ['ArrowLeft', 'ArrowUp'],
    on: [],
  },
} as const satisfies Record<string, Bindings>

export type Preset = keyof typeof PRESETS
/** What this device keeps: where its keys began, and what was changed of them. */
export interface OwnKeys {
  readonly preset: Preset
  readonly changed: Partial<Bindings>
}

const START: OwnKeys = { preset: 'keyboard', changed: {} }

export interface KeyPress {
  key: string
  shiftKey: boolean
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

/** The name of a key as it is bound. Shift is told of letters and of keys without a sign of their own. */
function nameOf({ key, shiftKey }: KeyPress): string {
  const base = key === ' ' ? 'Space' : key.length === 1 ? key.toLowerCase() : key
  return shiftKey && (base.length > 1 || /\p{L}/u.test(base)) ? `Shift+${base}` : base
}

/** The name under which a key can be bound: none for those of the browser, of other keys, or of an input method. */
export function bindable(press: KeyPress): string | undefined {
  const other = press.ctrlKey || press.metaKey || press.altKey
  const mute = /^(Tab|Shift|Control|Alt|AltGraph|Meta|CapsLock|Dead|Process|Unidentified)$/.test(press.key)
  return other || mute ? undefined : nameOf(press)
}

/** What storage kept, as far as it makes sense. */
function known(own: OwnKeys | undefined): OwnKeys {
  if (!own || !(own.preset in PRESETS)) return START
  const changed = Object.entries(own.changed ?? {}).filter(
    ([command, keys]) => command in COMMANDS && Array.isArray(keys),
  )
  return { preset: own.preset, changed: Object.fromEntries(changed) }
}

export function bindingsOf(own: OwnKeys | undefined): Bindings {
  const { preset, changed } = known(own)
  return { ...PRESETS[preset], ...changed }
}

/** Which command has a key. */
const commandOf = (bindings: Bindings, key: string): Command | undefined =>
  (Object.keys(COMMANDS) as Command[]).find((command) => bindings[command].includes(key))

/** Give a key to a command, and tell what it was for until now: one key asks for one thing. */
export function bind(
  own: OwnKeys | undefined,
  command: Command,
  key: string,
): { keys: OwnKeys; from?: Command } {
  const bindings = bindingsOf(own)
  const from = commandOf(bindings, key)
  const { preset, changed } = known(own)
  if (from === command) return { keys: { preset, changed } }
  const taken = from && { [from]: bindings[from].filter((one) => one !== key) }
  const keys = { preset, changed: { ...changed, ...taken, [command]: [...bindings[command], key] } }
  return from ? { keys, from } : { keys }
}

/** Take a key away from what it is for. */
export function unbind(own: OwnKeys | undefined, key: string): OwnKeys {
  const bindings = bindingsOf(own)
  const command = commandOf(bindings, key)
  const { preset, changed } = known(own)
  if (!command) return { preset, changed }
  return { preset, changed: { ...changed, [command]: bindings[command].filter((one) => one !== key) } }
}

/**
 * What a key, a clicker or a pedal asks for; `undefined` leaves it to the browser. Without `characters` letters, digits and
 * signs ask for nothing (WCAG 2.1.4). With Shift the pace takes longer steps, and any other key is what it is without.
 */
export function actionOf(press: KeyPress, characters = true, own?: OwnKeys): Action | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey || (!characters && /^\S$/.test(press.key)))
    return undefined
  const bindings = bindingsOf(own)
  const name = nameOf(press)
  const command = commandOf(bindings, name) ?? commandOf(bindings, name.replace('Shift+', ''))
  if (!command) return undefined
  const action = COMMANDS[command]
  return action.do === 'pace' && press.shiftKey ? { do: 'pace', by: action.by * 4 } : action
}
