import type { ThreadSnapshot } from '../generated/protocol'
import { bodyOf, everyPage, rest, type Shapes } from './rest'

const PAGE = 100

const named = (key: string) => ({ header: { 'Idempotency-Key': key } })

/**
 * What the console asks of the server. Whoever makes something passes a `key`: the same key again is the same request,
 * so that a repeat after a lost answer makes nothing twice. (Two answers hold spans: openapi-fetch widens pairs to arrays,
 * so these say again what the server declares.)
 */
export const api = {
  me: () => bodyOf(rest.GET('/api/v1/auth/me')),
  login: (body: Shapes['Login']) => bodyOf(rest.POST('/api/v1/auth/login', { body })),
  logout: () => rest.POST('/api/v1/auth/logout'),

  threads: (cursor?: string, q?: string) =>
    bodyOf(rest.GET('/api/v1/threads', { params: { query: { cursor, q, limit: 50 } } })),
  createThread: (body: Shapes['NewThread'], key: string) =>
    bodyOf(rest.POST('/api/v1/threads', { body, params: named(key) })),
  renameThread: (thread_id: string, title: string) =>
    bodyOf(rest.PATCH('/api/v1/threads/{thread_id}', { params: { path: { thread_id } }, body: { title } })),
  pinThread: (thread_id: string, pinned: boolean) => {
    const asked = { params: { path: { thread_id } } }
    return pinned
      ? rest.PUT('/api/v1/threads/{thread_id}/pin', asked)
      : rest.DELETE('/api/v1/threads/{thread_id}/pin', asked)
  },
  deleteThread: (thread_id: string) =>
    rest.DELETE('/api/v1/threads/{thread_id}', { params: { path: { thread_id } } }),
  snapshot: async (thread_id: string): Promise<ThreadSnapshot> => {
    const path = { thread_id }
    const { snapshot } = await bodyOf(rest.GET('/api/v1/threads/{thread_id}/snapshot', { params: { path } }))
    return snapshot as ThreadSnapshot
  },

  pendingInterrupts: () =>
    everyPage((cursor) =>
      bodyOf(
        rest.GET('/api/v1/interrupts', { params: { query: { status: 'pending', cursor, limit: PAGE } } }),
      ),
    ),
  interrupt: (interrupt_id: string) =>
    bodyOf(rest.GET('/api/v1/interrupts/{interrupt_id}', { params: { path: { interrupt_id } } })),
  check: (body: Shapes['Check'], signal?: AbortSignal) =>
    bodyOf(rest.POST('/api/v1/quality/check', { body, signal })) as Promise<Shapes['Report']>,

  scripts: (cursor?: string) =>
    bodyOf(rest.GET('/api/v1/scripts', { params: { query: { cursor, limit: 50 } } })),
  script: (script_id: string) =>
    bodyOf(rest.GET('/api/v1/scripts/{script_id}', { params: { path: { script_id } } })),

  rooms: () =>
    everyPage((cursor) => bodyOf(rest.GET('/api/v1/rooms', { params: { query: { cursor, limit: PAGE } } }))),
  hosts: () =>
    everyPage((cursor) => bodyOf(rest.GET('/api/v1/hosts', { params: { query: { cursor, limit: PAGE } } }))),
  createHost: (body: Shapes['NewHost'], key: string) =>
    bodyOf(rest.POST('/api/v1/hosts', { body, params: named(key) })),
  updateHost: (host_id: string, body: Shapes['HostChanges']) =>
    bodyOf(rest.PATCH('/api/v1/hosts/{host_id}', { params: { path: { host_id } }, body })),
  deleteHost: (host_id: string) => rest.DELETE('/api/v1/hosts/{host_id}', { params: { path: { host_id } } }),
  readHostTable: (body: Shapes['TableUpload']) => bodyOf(rest.POST('/api/v1/hosts/table', { body })),
  importHosts: (body: Shapes['HostTableImport'], key: string) =>
    bodyOf(rest.POST('/api/v1/hosts/import', { body, params: named(key) })),
  products: () =>
    everyPage((cursor) =>
      bodyOf(rest.GET('/api/v1/products', { params: { query: { cursor, limit: PAGE } } })),
    ),
  createProduct: (body: Shapes['NewProduct'], key: string) =>
    bodyOf(rest.POST('/api/v1/products', { body, params: named(key) })),
  updateProduct: (product_id: string, body: Shapes['ProductChanges']) =>
    bodyOf(rest.PATCH('/api/v1/products/{product_id}', { params: { path: { product_id } }, body })),
  readProductTable: (body: Shapes['TableUpload']) => bodyOf(rest.POST('/api/v1/products/table', { body })),
  importProducts: (body: Shapes['ProductTableImport'], key: string) =>
    bodyOf(rest.POST('/api/v1/products/import', { body, params: named(key) })),
  deleteProduct: (product_id: string) =>
    rest.DELETE('/api/v1/products/{product_id}', { params: { path: { product_id } } }),

  shows: (cursor?: string) => bodyOf(rest.GET('/api/v1/shows', { params: { query: { cursor, limit: 50 } } })),
  readShowTable: (body: Shapes['ShowTable']) => bodyOf(rest.POST('/api/v1/shows/table', { body })),
  planShow: (body: Shapes['PlanRequest']) => bodyOf(rest.POST('/api/v1/shows/plan', { body })),
  createShow: (body: Shapes['NewShow'], key: string) =>
    bodyOf(rest.POST('/api/v1/shows', { body, params: named(key) })),
  deleteShow: (show_id: string) => rest.DELETE('/api/v1/shows/{show_id}', { params: { path: { show_id } } }),
  startShow: (show_id: string, key: string) =>
    rest.POST('/api/v1/shows/{show_id}/start', { params: { path: { show_id }, ...named(key) } }),
  pauseShow: (show_id: string, key: string) =>
    rest.POST('/api/v1/shows/{show_id}/pause', { params: { path: { show_id }, ...named(key) } }),
  cancelShow: (show_id: string, waiting: boolean, key: string) =>
    rest.POST('/api/v1/shows/{show_id}/cancel', {
      params: { path: { show_id }, ...named(key) },
      body: { waiting },
    }),
  retryShow: (show_id: string, item_ids: string[] | undefined, key: string) =>
    rest.POST('/api/v1/shows/{show_id}/retry', {
      params: { path: { show_id }, ...named(key) },
      body: { item_ids: item_ids ?? null },
    }),
  orderShow: (show_id: string, item_ids: string[], key: string) =>
    rest.POST('/api/v1/shows/{show_id}/order', {
      params: { path: { show_id }, ...named(key) },
      body: { item_ids },
    }),
  setShowSeconds: (show_id: string, item_id: string, seconds: number | null) =>
    rest.PATCH('/api/v1/shows/{show_id}/items/{item_id}', {
      params: { path: { show_id, item_id } },
      body: { seconds },
    }),
  regenerateShowItem: (show_id: string, item_id: string, key: string) =>
    rest.POST('/api/v1/shows/{show_id}/items/{item_id}/regenerate', {
      params: { path: { show_id, item_id }, ...named(key) },
    }),
  rundown: (room_id: string) =>
    bodyOf(rest.GET('/api/v1/rooms/{room_id}/rundown', { params: { path: { room_id } } })),
  cueEntry: (room_id: string, entry_id: string, key: string, override_reason: string | null) =>
    rest.POST('/api/v1/rooms/{room_id}/rundown/{entry_id}/cue', {
      params: { path: { room_id, entry_id }, ...named(key) },
      body: { override_reason },
    }),
}
