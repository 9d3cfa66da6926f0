import { bodyOf, everyPage, RestProblem, rest, type Shapes } from '../shared/rest'

export type Product = Shapes['Product']
export type Interrupt = Shapes['Interrupt']
/** What a run knew; the wire says only "plain JSON". */
export type State = Readonly<Record<string, unknown>>

export const evidenceApi = {
  /** A product as its record is now; null when it was removed. */
  product: async (product_id: string): Promise<Product | null> => {
    try {
      return await bodyOf(rest.GET('/api/v1/products/{product_id}', { params: { path: { product_id } } }))
    } catch (error) {
      if (error instanceof RestProblem && error.status === 404) return null
      throw error
    }
  },
  /** What a run was given and found out by its latest version; null when that is no longer kept. */
  state: async (thread_id: string, run_id: string): Promise<State | null> => {
    const path = { thread_id }
    const params = { path, query: { run_id, limit: 1 } }
    const { items } = await bodyOf(rest.GET('/api/v1/threads/{thread_id}/checkpoints', { params }))
    const version = items[0]?.version
    if (version === undefined) return null
    const read = rest.GET('/api/v1/threads/{thread_id}/checkpoints/{version}/replay', {
      params: { path: { thread_id, version } },
    })
    return (await bodyOf(read)).values
  },
  /** What people were asked in a thread, the newest first. */
  interrupts: (thread_id: string) =>
    everyPage((cursor) =>
      bodyOf(rest.GET('/api/v1/interrupts', { params: { query: { thread_id, cursor, limit: 100 } } })),
    ),
}
