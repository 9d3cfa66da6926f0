import { bodyOf, rest, type Shapes } from '../shared/rest'

export type OwnRule = Required<Shapes['OwnRule']>
export type Adjustment = Required<Shapes['Adjustment']>
export type Phrase = Required<Shapes['Phrase']>
/** What a team lays over the rules; the server fills in whatever may be left out. */
export interface Overlay {
  rules: OwnRule[]
  adjustments: Adjustment[]
  allow: Phrase[]
  brands: Phrase[]
}
export type Rule = Shapes['Rule']
export type TenantRules = Omit<Shapes['TenantRules'], 'overlay'> & { overlay: Overlay }
export type Platform = NonNullable<Shapes['TenantRules']['platform']>

/** What the page of rules asks of the server; here and not in `shared/api`, so that it comes with the page. */
export const rulesApi = {
  rules: () => bodyOf(rest.GET('/api/v1/rules')),
  overlay: () => bodyOf(rest.GET('/api/v1/rules/overlay')) as Promise<TenantRules>,
  save: (body: Shapes['SaveRules']) =>
    bodyOf(rest.PUT('/api/v1/rules/overlay', { body })) as Promise<TenantRules>,
  choosePlatform: (platform: Platform | null) =>
    bodyOf(rest.PUT('/api/v1/rules/platform', { body: { platform } })),
  trial: (overlay: Overlay) => bodyOf(rest.POST('/api/v1/rules/trial', { body: { overlay } })),
  revisions: (cursor?: string) =>
    bodyOf(rest.GET('/api/v1/rules/revisions', { params: { query: { cursor, limit: 30 } } })),
  revision: (revision: number) =>
    bodyOf(rest.GET('/api/v1/rules/revisions/{revision}', { params: { path: { revision } } })),
  restore: (revision: number, latest: number, note: string) =>
    bodyOf(
      rest.POST('/api/v1/rules/revisions/{revision}/restore', {
        params: { path: { revision } },
        body: { revision: latest, note },
      }),
    ),
  readTable: (content: string) => bodyOf(rest.POST('/api/v1/rules/table', { body: { content } })),
}
