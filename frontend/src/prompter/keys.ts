export type Action =
  | { do: 'toggle' }
  | { do: 'stop' }
  | { do: 'pace'; by: number }
  | { do: 'step'; unit: 'sentence' | 'paragraph'; direction: 1 | -1 }
  | { do: 'edge'; end: boolean }
  | { do: 'size'; by: number }
  | { do: 'mirror'; axis: 'h' | 'v' }
  | { do: 'fullscreen' | 'band' | 'hud' | 'reverse' | 'menu' | 'pages' | 'take' }

export interface KeyPress {
  key: string
  shiftKey: boolean
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

/** What a key, a clicker or a pedal asks for; `undefined` leaves it to the browser. */
export function actionOf(press: KeyPress): Action | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey) return undefined
  const big = press.shiftKey ? 4 : 1
  switch (press.key.length === 1 ? press.key.toLowerCase() : press.key) {
    case ' ':
    case 'Enter':
    case 'b':
    case '.':
    case 'F5':
      return { do: 'toggle' }
    case '0':
      return { do: 'stop' }
    case 'ArrowUp':
      return { do: 'pace', by: 5 * big }
    case 'ArrowDown':
      return { do: 'pace', by: -5 * big }
    case 'ArrowLeft':
    case 'PageUp':
      return { do: 'step', unit: 'sentence', direction: -1 }
    case 'ArrowRight':
    case 'PageDown':
      return { do: 'step', unit: 'sentence', direction: 1 }
    case '[':
      return { do: 'step', unit: 'paragraph', direction: -1 }
    case ']':
      return { do: 'step', unit: 'paragraph', direction: 1 }
    case 'Home':
      return { do: 'edge', end: false }
    case 'End':
      return { do: 'edge', end: true }
    case '+':
    case '=':
      return { do: 'size', by: 4 }
    case '-':
    case '_':
      return { do: 'size', by: -4 }
    case 'm':
      return { do: 'mirror', axis: press.shiftKey ? 'v' : 'h' }
    case 'f':
      return { do: 'fullscreen' }
    case 'l':
      return { do: 'band' }
    case 'h':
      return { do: 'hud' }
    case 'r':
      return { do: 'reverse' }
    case 'p':
      return { do: 'pages' }
    case 'n':
      return { do: 'take' }
    case 'Escape':
      return { do: 'menu' }
    default:
      return undefined
  }
}
