import type { components } from '../generated/openapi'

/** Whether this device was paired and works without anybody signed in; its page's address says so. */
export const isPaired = new URLSearchParams(location.search).has('paired')

/** A room as this device remembers it without a network. */
export type RoomEntry = Pick<components['schemas']['Room'], 'id' | 'name'>

/** The server refused (its HTTP status), or none answered (0). */
export class Refused extends Error {
  readonly status: number

  constructor(status: number) {
    super(`refused: ${status}`)
    this.name = 'Refused'
    this.status = status
  }
}

/** Three reads are all that this page asks by REST: its bundle has no room for a client made of the whole description. */
async function get<T>(path: string): Promise<T> {
  const answer = await fetch(`/api/v1${path}`, { headers: { Accept: 'application/json' } }).catch(() => {
    throw new Refused(0)
  })
  if (!answer.ok) throw new Refused(answer.status)
  return (await answer.json()) as T
}

/** What this device was paired as. */
export const readPaired = (): Promise<components['schemas']['Paired']> => get('/paired')

export const readRoom = (id: string): Promise<RoomEntry> => get(`/rooms/${encodeURIComponent(id)}`)

export async function readRooms(): Promise<RoomEntry[]> {
  const rooms: RoomEntry[] = []
  let cursor = ''
  do {
    const page = await get<components['schemas']['RoomPage']>(`/rooms?cursor=${encodeURIComponent(cursor)}`)
    rooms.push(...page.items)
    cursor = page.next_cursor ?? ''
  } while (cursor && rooms.length < 1000)
  return rooms
}

/** Go and sign in, or pair this device anew; who signs in comes back here. */
export function signIn(page = isPaired ? '/pair' : '/login'): void {
  const here = isPaired ? location.pathname : location.pathname + location.search
  location.assign(`${page}?next=${encodeURIComponent(here)}`)
}
