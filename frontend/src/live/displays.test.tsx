import { render, screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import '../i18n'
import '../i18n/addLive'
import type { DisplayView, PrompterState } from '../generated/protocol'
import { Displays } from './Displays'

let now = 0
vi.mock('../shared/desk', () => ({ useDesk: () => ({ socket: { clock: { now: () => now } } }) }))

const display = {
  id: 'a',
  name: '主屏',
  person: { id: 'p', name: '小雅' },
  version: 3,
  position: 20,
  playing: true,
  pace: 240,
  size: 72,
  following: true,
  round_trip_ms: null,
  battery: null,
  seen_ms: 1000,
  away: false,
} as DisplayView
const transport = { version: 3, playing: true, position: 20, rate: 4, pace: 240, length: 1000, at_ms: 1000 }
const state = { version: 3, content: '大家好。', transport, stage: null } as unknown as PrompterState

function shown(online: boolean): HTMLElement {
  render(<Displays state={state} displays={[display]} able online={online} order={async () => true} />)
  return screen.getByTestId('display')
}

test('with a line a display is told as it is', () => {
  now = 1000
  const one = shown(true)
  expect(one.dataset.health).toBe('fine')
  expect(one.textContent).toContain('同步')
})

test('without a line nothing is claimed of a display but when it was heard last', () => {
  now = 61_000
  const one = shown(false)
  expect(one.dataset.health).toBe('unheard')
  expect(one.textContent).toContain('状态未知')
  expect(one.textContent).toContain('1:00 前')
  expect(one.textContent).not.toMatch(/在线|同步|落后/)
})
