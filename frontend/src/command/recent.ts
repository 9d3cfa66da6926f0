import { recall, remember } from '../shared/storage'

/** How many of what was chosen last are kept. */
const MOST = 12

/** A choice that was made before. With `to` it can be made again although its list has not been read yet. */
export interface Recent {
  readonly id: string
  readonly label: string
  readonly to?: string
}

const keyOf = (userId: string) => `cuedesk:recent:${userId}`

function isRecent(value: unknown): value is Recent {
  const { id, label, to } = (value ?? {}) as Record<string, unknown>
  return typeof id === 'string' && typeof label === 'string' && (to === undefined || typeof to === 'string')
}

/** What somebody chose in the command bar, the last first. Anything else in the browser's store is none. */
export function recents(userId: string): readonly Recent[] {
  try {
    const kept: unknown = JSON.parse(recall(keyOf(userId)) || '[]')
    return Array.isArray(kept) ? kept.filter(isRecent).slice(0, MOST) : []
  } catch {
    return []
  }
}

export function noteRecent(userId: string, { id, label, to }: Recent): void {
  const chosen = to === undefined ? { id, label } : { id, label, to }
  const next = [chosen, ...recents(userId).filter((one) => one.id !== id)].slice(0, MOST)
  remember(keyOf(userId), JSON.stringify(next))
}
