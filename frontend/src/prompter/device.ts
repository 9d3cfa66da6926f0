import { uuid7 } from '../wire/ids'

const KEY = 'cuedesk.display'

/**
 * This display's id: of the tab, since two on one device are two displays. It outlives a reload, and nothing more: while
 * the page is there nothing is kept, for a tab that is duplicated starts with a copy of what its origin has kept.
 */
export function deviceId(): string {
  let id = uuid7()
  try {
    id = sessionStorage.getItem(KEY) ?? id
    const hold = () => sessionStorage.removeItem(KEY)
    hold()
    addEventListener('pagehide', () => sessionStorage.setItem(KEY, id))
    // Back from where the browser keeps pages that were left.
    addEventListener('pageshow', hold)
  } catch {
    // Where nothing can be kept it is another one each time.
  }
  return id
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
