import { describe, expect, it } from 'vitest'
import { actionOf, bind, bindable, bindingsOf, COMMANDS, type OwnKeys, PRESETS, unbind } from './keys'

const press = (key: string, held: object = {}) => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...held,
})
const asked = (own: OwnKeys | undefined, key: string, held: object = {}) =>
  actionOf(press(key, held), true, own)

describe('a key of one’s own', () => {
  it('does what it was given to, and nothing else any more', () => {
    const { keys, from } = bind(undefined, 'take', 'Enter')
    expect(from).toBe('toggle')
    expect(asked(keys, 'Enter')).toEqual({ do: 'take' })
    expect(asked(keys, 'n')).toEqual({ do: 'take' })
    expect(asked(keys, ' ')).toEqual({ do: 'toggle' })
    expect(bind(keys, 'take', 'Enter')).toEqual({ keys })
    const none = unbind(keys, 'Enter')
    expect(asked(none, 'Enter')).toBeUndefined()
    expect(asked(none, 'n')).toEqual({ do: 'take' })
  })

  it('may hold Shift down, and is the plain one where only that is bound', () => {
    const { keys } = bind(undefined, 'stop', bindable(press('ArrowUp', { shiftKey: true })) ?? '')
    expect(asked(keys, 'ArrowUp', { shiftKey: true })).toEqual({ do: 'stop' })
    expect(asked(keys, 'ArrowUp')).toEqual({ do: 'pace', by: 5 })
    expect(asked(keys, 'ArrowDown', { shiftKey: true })).toEqual({ do: 'pace', by: -20 })
    expect(asked(undefined, 'F5', { shiftKey: true })).toEqual({ do: 'toggle' })
    expect(asked(undefined, 'B', { shiftKey: true })).toEqual({ do: 'toggle' })
    expect(asked(undefined, '?', { shiftKey: true })).toEqual({ do: 'menu' })
  })

  it('is none of those that lead around the page or belong to others', () => {
    for (const key of ['Tab', 'Shift', 'Control', 'Dead', 'Process'])
      expect(bindable(press(key))).toBeUndefined()
    expect(bindable(press('r', { ctrlKey: true }))).toBeUndefined()
    expect(bindable(press(' '))).toBe('Space')
  })

  it('is worth nothing when storage holds nonsense', () => {
    const odd = { preset: 'organ', changed: {} } as unknown as OwnKeys
    expect(bindingsOf(odd)).toEqual(PRESETS.keyboard)
    const half = { preset: 'pedal', changed: { toggle: 'Enter', jump: ['x'] } } as unknown as OwnKeys
    expect(bindingsOf(half)).toEqual(PRESETS.pedal)
  })
})

describe('the sets to begin with', () => {
  it('give each key to one command', () => {
    for (const bindings of Object.values(PRESETS)) {
      expect(Object.keys(bindings)).toEqual(Object.keys(COMMANDS))
      const all = Object.values(bindings).flat()
      expect(new Set(all).size).toBe(all.length)
    }
  })

  it('suit a clicker and a pedal', () => {
    const clicker: OwnKeys = { preset: 'clicker', changed: {} }
    expect(asked(clicker, 'F5')).toEqual({ do: 'toggle' })
    expect(asked(clicker, 'Escape')).toEqual({ do: 'stop' })
    expect(asked(clicker, 'PageDown')).toEqual({ do: 'step', unit: 'paragraph', direction: 1 })
    for (const key of ['b', '.']) expect(asked(clicker, key)).toEqual({ do: 'toggle' })
    const pedal: OwnKeys = { preset: 'pedal', changed: {} }
    for (const key of ['ArrowRight', 'ArrowDown', 'Enter'])
      expect(asked(pedal, key)).toEqual({ do: 'toggle' })
    for (const key of ['ArrowLeft', 'ArrowUp'])
      expect(asked(pedal, key)).toEqual({ do: 'step', unit: 'sentence', direction: -1 })
  })
})
