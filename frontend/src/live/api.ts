import { bodyOf, rest, type Shapes } from '../shared/rest'

export type Rundown = Shapes['Rundown']
export type Entry = Shapes['RundownEntry']
export type HeldEntry = Shapes['HeldEntry']
export type Room = Shapes['Room']

/** What the director's page asks of the server; here and not in `shared/api`, so that it comes with the page. */
export const liveApi = {
  order: (room_id: string, entry_ids: string[], revision: number) =>
    bodyOf(
      rest.POST('/api/v1/rooms/{room_id}/rundown/order', {
        params: { path: { room_id } },
        body: { entry_ids, revision },
      }),
    ),
  add: (room_id: string, script_id: string, key: string) =>
    bodyOf(
      rest.POST('/api/v1/rooms/{room_id}/rundown', {
        params: { path: { room_id }, header: { 'Idempotency-Key': key } },
        body: { script_id },
      }),
    ),
  cue: (room_id: string, entry_id: string, override_reason: string | null, key: string) =>
    bodyOf(
      rest.POST('/api/v1/rooms/{room_id}/rundown/{entry_id}/cue', {
        params: { path: { room_id, entry_id }, header: { 'Idempotency-Key': key } },
        body: { override_reason },
      }),
    ),
  remove: (room_id: string, entry_id: string) =>
    bodyOf(
      rest.DELETE('/api/v1/rooms/{room_id}/rundown/{entry_id}', { params: { path: { room_id, entry_id } } }),
    ),
  held: async (room_id: string): Promise<HeldEntry[]> => {
    const { items } = await bodyOf(
      rest.GET('/api/v1/rooms/{room_id}/rundown/held', { params: { path: { room_id } } }),
    )
    // openapi-fetch widens the pairs of spans to arrays; the server declares them so.
    return items as HeldEntry[]
  },
  policies: () => bodyOf(rest.GET('/api/v1/tenant/policies')),
  setRule: (room_id: string, body: { by_hand: boolean; undo_window: number | null }) =>
    bodyOf(rest.PATCH('/api/v1/rooms/{room_id}', { params: { path: { room_id } }, body })),
}
