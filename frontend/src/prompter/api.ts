export interface RoomEntry {
  readonly id: string
  readonly name: string
}

/** The server answered, but not with what was asked for. */
export class Refused extends Error {
  readonly status: number

  constructor(status: number) {
    super(`status ${status}`)
    this.status = status
  }
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(`/api/v1${path}`, { headers: { accept: 'application/json' } })
  if (!response.ok) throw new Refused(response.status)
  return (await response.json()) as T
}

export const readRoom = (id: string): Promise<RoomEntry> => get(`/rooms/${encodeURIComponent(id)}`)

export async function readRooms(): Promise<RoomEntry[]> {
  const rooms: RoomEntry[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor ? `?cursor=${encodeURIComponent(cursor)}` : ''
    const page: { items: RoomEntry[]; next_cursor?: string | null } = await get(`/rooms${query}`)
    rooms.push(...page.items)
    cursor = page.next_cursor ?? null
  } while (cursor && rooms.length < 1000)
  return rooms
}

/** Go and sign in; the login page comes back here. */
export function signIn(): void {
  const here = location.pathname + location.search
  location.assign(`/login?next=${encodeURIComponent(here)}`)
}
