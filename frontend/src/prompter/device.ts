import { uuid7 } from '../wire/ids'

const KEY = 'cuedesk.display'

/** This display's id, made once and kept on the device; another one each time where nothing can be kept. */
export function deviceId(): string {
  try {
    // Of the tab: two on one device are two displays. It outlives a reload.
    const id = sessionStorage.getItem(KEY) ?? uuid7()
    sessionStorage.setItem(KEY, id)
    return id
  } catch {
    return uuid7()
  }
}

interface Battery {
  readonly level: number
  readonly charging: boolean
}

let power: Battery | undefined
// Not every browser tells.
const ask = (globalThis.navigator as { getBattery?: () => Promise<Battery> } | undefined)?.getBattery
if (ask)
  ask
    .call(navigator)
    .then((found) => {
      power = found
    })
    .catch(() => undefined)

/** How full the battery is, as far as the device tells; steps of a hundredth, so that it is no news all the time. */
export const battery = (): { battery: number | null; charging: boolean | null } => ({
  battery: power ? Math.round(power.level * 100) / 100 : null,
  charging: power ? power.charging : null,
})
