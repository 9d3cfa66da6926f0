import { create } from 'zustand'
import { recall, remember } from '../shared/storage'
import type { Alert } from './alerts'

const KEY = 'cuedesk:sounds'
const tones: Record<Alert, readonly number[]> = { new: [880], urgent: [988, 740, 988] }
const TONE_S = 0.16

let context: AudioContext | undefined

/** Whether sounds are wanted. Browsers play only after a click or a key: `arm` is called by one. */
export const useSounds = create<{ on: boolean; arm: () => void; mute: () => void }>((set) => ({
  on: recall(KEY) === 'on',
  arm: () => {
    remember(KEY, 'on')
    set({ on: true })
    void awaken().then(() => play('new'))
  },
  mute: () => {
    remember(KEY, '')
    set({ on: false })
  },
}))

/** Let what was armed before a reload sound again: by the first click or key on the page. */
export async function awaken(): Promise<void> {
  context ??= new AudioContext()
  await context.resume()
}

/** Sound it now or never: what is put down for a context that does not run yet all sounds at once when it does. */
export function play(alert: Alert): void {
  if (context?.state !== 'running') return
  for (const [place, frequency] of tones[alert].entries()) {
    const at = context.currentTime + place * TONE_S
    const [tone, volume] = [context.createOscillator(), context.createGain()]
    tone.frequency.value = frequency
    // Begun and ended softly: a tone that is cut off clicks.
    volume.gain.setValueAtTime(0, at)
    volume.gain.linearRampToValueAtTime(0.2, at + 0.02)
    volume.gain.linearRampToValueAtTime(0, at + TONE_S)
    tone.connect(volume).connect(context.destination)
    tone.start(at)
    tone.stop(at + TONE_S)
  }
}
