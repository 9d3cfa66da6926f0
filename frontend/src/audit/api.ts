import { bodyOf, rest, type Shapes } from '../shared/rest'

export type Entry = Shapes['AuditEntry']

/** What is looked for; left out: any. */
export interface Filters {
  readonly action?: string | undefined
  readonly actor?: string | undefined
  readonly subject?: string | undefined
  readonly since?: string | undefined
}

export const auditApi = {
  list: (filters: Filters, cursor?: string) =>
    bodyOf(rest.GET('/api/v1/audit', { params: { query: { ...filters, cursor, limit: 50 } } })),
  verify: () => bodyOf(rest.GET('/api/v1/audit/verify')),
}
