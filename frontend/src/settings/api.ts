import { bodyOf, rest, type Shapes } from '../shared/rest'

export type Skill = Shapes['SkillView']
export type Room = Shapes['Room']
export type Platform = NonNullable<Room['platform']>
export type ApiKey = Shapes['ApiKey']
export type NewKey = Shapes['CreatedApiKey']
export type Role = Skill['roles'][number]

/** What the page of settings asks of the server; here and not in `shared/api`, so that it comes with the page. */
export const settingsApi = {
  policies: () => bodyOf(rest.GET('/api/v1/tenant/policies')),
  changePolicies: (body: Shapes['PolicyChanges']) => bodyOf(rest.PATCH('/api/v1/tenant/policies', { body })),
  /** For how long versions and memories are kept. */
  keeping: async () => {
    const [retention, lifetimes] = await Promise.all([
      bodyOf(rest.GET('/api/v1/tenant/retention')),
      bodyOf(rest.GET('/api/v1/memory/lifetimes')),
    ])
    return { retention, lifetimes }
  },
  keepVersions: (checkpoint_days: number | null) =>
    bodyOf(rest.PUT('/api/v1/tenant/retention', { body: { checkpoint_days } })),
  keepMemories: (body: Shapes['Lifetimes']) => bodyOf(rest.PUT('/api/v1/memory/lifetimes', { body })),
  skills: async () => (await bodyOf(rest.GET('/api/v1/skills'))).items,
  changeSkill: (name: Skill['name'], body: Shapes['SkillChanges']) =>
    bodyOf(rest.PATCH('/api/v1/skills/{name}', { params: { path: { name } }, body })),
  /** What a skill would lack of these slots. */
  checkSkill: (name: Skill['name'], slots: Record<string, unknown>) =>
    bodyOf(rest.POST('/api/v1/skills/{name}/preflight', { params: { path: { name } }, body: { slots } })),
  keys: () => bodyOf(rest.GET('/api/v1/api-keys')),
  makeKey: (body: Shapes['NewApiKey']) => bodyOf(rest.POST('/api/v1/api-keys', { body })),
  revokeKey: (key_id: string) =>
    rest.DELETE('/api/v1/api-keys/{key_id}', { params: { path: { key_id } } }).then(() => undefined),
  choosePlatform: (room_id: string, platform: Platform | null) =>
    bodyOf(rest.PATCH('/api/v1/rooms/{room_id}', { params: { path: { room_id } }, body: { platform } })),
  addRoom: (name: string, key: string) =>
    bodyOf(rest.POST('/api/v1/rooms', { params: { header: { 'Idempotency-Key': key } }, body: { name } })),
}
