import { bodyOf, everyPage, rest, type Shapes } from '../shared/rest'

/** A room as this device remembers it without a network. */
export type RoomEntry = Pick<Shapes['Room'], 'id' | 'name'>

export const readRoom = (room_id: string): Promise<RoomEntry> =>
  bodyOf(rest.GET('/api/v1/rooms/{room_id}', { params: { path: { room_id } } }))

export const readRooms = (): Promise<RoomEntry[]> =>
  everyPage((cursor) => bodyOf(rest.GET('/api/v1/rooms', { params: { query: { cursor } } })))

/** Go and sign in; the login page comes back here. */
export function signIn(): void {
  const here = location.pathname + location.search
  location.assign(`/login?next=${encodeURIComponent(here)}`)
}
