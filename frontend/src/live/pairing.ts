import { bodyOf, rest, type Shapes } from '../shared/rest'

export type OpenedPairing = Shapes['OpenedPairing']
export type Device = Shapes['Device']
export type DeviceRole = Device['role']

/** What the dialog of pairing asks of the server; it comes with the dialog. */
export const pairingApi = {
  open: (room_id: string, role: DeviceRole) =>
    bodyOf(rest.POST('/api/v1/rooms/{room_id}/pairings', { params: { path: { room_id } }, body: { role } })),
  read: (room_id: string, pairing_id: string) =>
    bodyOf(
      rest.GET('/api/v1/rooms/{room_id}/pairings/{pairing_id}', {
        params: { path: { room_id, pairing_id } },
      }),
    ),
  close: (room_id: string, pairing_id: string) =>
    bodyOf(
      rest.DELETE('/api/v1/rooms/{room_id}/pairings/{pairing_id}', {
        params: { path: { room_id, pairing_id } },
      }),
    ),
  devices: async (room_id: string): Promise<Device[]> =>
    (await bodyOf(rest.GET('/api/v1/rooms/{room_id}/devices', { params: { path: { room_id } } }))).items,
  revoke: (room_id: string, device_id: string) =>
    bodyOf(
      rest.DELETE('/api/v1/rooms/{room_id}/devices/{device_id}', {
        params: { path: { room_id, device_id } },
      }),
    ),
}

/** What a QR code leads to. The secret stands behind `#`: it is sent to no server, and stands in no log. */
export const linkOf = (origin: string, secret: string): string => `${origin}/pair#${secret}`

/** Six digits as people read them out. */
export const readable = (code: string): string => `${code.slice(0, 3)} ${code.slice(3)}`
