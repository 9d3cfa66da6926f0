import { act, fireEvent, render } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import '../i18n'
import '../i18n/addLive'
import type { PrompterState, Transport as RoomTransport } from '../generated/protocol'
import { parse } from '../prompter/script'
import { Ahead } from '../room/ahead'
import { sectionsOf } from '../room/sections'
import type { Order } from '../room/useRoom'
import { Transport } from './Transport'

const transport = {
  revision: 1,
  version: 3,
  playing: false,
  position: 0,
  rate: 4,
  pace: 240,
  length: 100,
  at_ms: 0,
} as RoomTransport
const state = { version: 3, blank: false, transport } as PrompterState

function keyed() {
  const ahead = new Ahead()
  const given: Order[] = []
  const order = vi.fn(async (what: Order) => {
    given.push(what)
    ahead.asked(what.action, what.value ?? undefined)
    return true
  })
  render(
    <Transport
      state={state}
      transport={transport}
      script={parse('大家好。', [])}
      sections={sectionsOf(parse('大家好。', []))}
      now={0}
      able
      dark
      order={order}
      ahead={ahead}
    />,
  )
  const press = (key: string) => act(async () => void fireEvent.keyDown(window, { key }))
  return { given, press }
}

test('two quick presses of B are dark and light again, though the server has told of neither', async () => {
  const { given, press } = keyed()
  await press('b')
  await press('b')
  expect(given).toMatchObject([
    { action: 'blank', value: 1 },
    { action: 'blank', value: 0 },
  ])
})

test('two quick presses of Space are play and pause', async () => {
  const { given, press } = keyed()
  await press(' ')
  await press(' ')
  expect(given.map(({ action }) => action)).toEqual(['play', 'pause'])
})
