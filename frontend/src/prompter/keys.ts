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

/**
 * What a key, a clicker or a pedal asks for; `undefined` leaves it to the browser. Without `characters` letters, digits and
 * signs ask for nothing (WCAG 2.1.4).
 */
export function actionOf(press: KeyPress, characters = true): Action | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey || (!characters && /^\S$/.test(press.key)))
    return undefined
  const by = press.shiftKey ? 20 : 5
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
      return { do: 'pace', by }
    case 'ArrowDown':
      return { do: 'pace', by: -by }
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
    case 'End':
      return { do: 'edge', end: press.key === 'End' }
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
  }
  return undefined
}
