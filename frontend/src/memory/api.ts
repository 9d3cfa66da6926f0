import { bodyOf, rest, type Shapes } from '../shared/rest'

export type Memory = Shapes['Memory']
export type Embedder = Shapes['EmbedderView']
export type FoundMemory = Shapes['FoundMemory']
export type Kind = Memory['kind']
export const kinds = ['script', 'note', 'rejection'] as const satisfies readonly Kind[]

/** What a memory must be of; left out: any. */
export interface Filters {
  kind?: Kind[]
  host_id?: string
  product_id?: string
}

export const memoryApi = {
  list: (filters: Filters, cursor?: string) =>
    bodyOf(rest.GET('/api/v1/memory', { params: { query: { ...filters, cursor, limit: 30 } } })),
  search: (q: string, filters: Filters) =>
    bodyOf(rest.GET('/api/v1/memory/search', { params: { query: { ...filters, q, limit: 20 } } })),
  ofRun: (run_id: string) =>
    bodyOf(rest.GET('/api/v1/memory/recalls/{run_id}', { params: { path: { run_id } } })),
  note: (body: Shapes['NewNote'], key: string) =>
    bodyOf(rest.POST('/api/v1/memory', { body, params: { header: { 'Idempotency-Key': key } } })),
  remove: (memory_id: string) =>
    rest.DELETE('/api/v1/memory/{memory_id}', { params: { path: { memory_id } } }),
  embedders: () => bodyOf(rest.GET('/api/v1/memory/embedders')),
  serve: (name: string) =>
    bodyOf(rest.POST('/api/v1/memory/embedders/{name}/serve', { params: { path: { name } } })),
  drop: (name: string) => rest.DELETE('/api/v1/memory/embedders/{name}', { params: { path: { name } } }),
  forget: (body: Shapes['ForgetRequest']) => bodyOf(rest.POST('/api/v1/memory/forget', { body })),
}
