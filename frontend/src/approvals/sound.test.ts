import { beforeEach, expect, test, vi } from 'vitest'

let state = 'suspended'
const tone = () => ({ frequency: { value: 0 }, connect: (to: unknown) => to, start: vi.fn(), stop: vi.fn() })
const tones: ReturnType<typeof tone>[] = []
class Context {
  readonly currentTime = 0
  readonly destination = {}
  get state() {
    return state
  }
  async resume() {
    state = 'running'
  }
  createOscillator() {
    tones.push(tone())
    return tones.at(-1)
  }
  createGain() {
    const gain = { setValueAtTime: vi.fn(), linearRampToValueAtTime: vi.fn() }
    return { gain, connect: (to: unknown) => to }
  }
}

beforeEach(() => {
  state = 'suspended'
  tones.length = 0
  vi.resetModules()
  vi.stubGlobal('AudioContext', Context)
})

test('before a click nothing sounds, and nothing is kept to sound all at once after it', async () => {
  const { play, awaken } = await import('./sound')
  play('new')
  play('urgent')
  await awaken()
  expect(tones).toEqual([])
  play('urgent')
  expect(tones).toHaveLength(3)
})

test('switching sounds on lets one be heard', async () => {
  const { useSounds } = await import('./sound')
  useSounds.getState().arm()
  await vi.waitFor(() => expect(tones).toHaveLength(1))
  expect(useSounds.getState().on).toBe(true)
  useSounds.getState().mute()
  expect(useSounds.getState().on).toBe(false)
})
