import type {
  CheckResult,
  Finding,
  InterruptView,
  Person,
  RunView,
  ThreadSnapshot,
} from '../generated/protocol'
import { uuid7 } from '../wire/ids'
import { RestProblem } from './rest'

export interface Me {
  user: { id: string; name: string; email: string }
  tenant: { id: string; slug: string; name: string }
  role: string
  permissions: string[]
  expires_at: string
}

export interface Thread {
  id: string
  title: string
  room_id: string | null
  product_id: string | null
  host_id: string | null
  last_seq: number
  active_run: { id: string; status: RunView['status'] } | null
  pending_interrupts: number
  created_at: string
  updated_at: string
}

export interface HostFields {
  name: string
  voice: string
  audience: string
  pace: number
  catchphrases: string[]
  taboo_words: string[]
}
export interface Host extends HostFields {
  id: string
  version: number
}

export interface ProductFields {
  name: string
  brand: string
  category: string
  aliases: string[]
  price: number | null
  list_price: number | null
  unit: string
  stock: number | null
  gifts: string[]
  points: { feature: string; benefit: string; proof: string }[]
  facts: Record<string, string>
  evidence: string[]
  required_statements: string[]
  compliance_flags: string[]
}
export interface Product extends ProductFields {
  id: string
  version: number
}

export interface Room {
  id: string
  name: string
  host_id: string | null
}

export interface Interrupt {
  id: string
  thread_id: string
  run_id: string
  kind: 'script_approval' | 'tool_action'
  action: string
  params: Record<string, unknown>
  allowed: InterruptView['allowed']
  status: 'pending' | 'approved' | 'edited' | 'rejected' | 'responded' | 'expired' | 'cancelled'
  version: number
  expires_at: string
  decision: { content?: string; feedback?: string } | null
  decided_by: Person | null
  decided_at: string | null
  created_at: string
}

export interface Script {
  id: string
  thread_id: string | null
  room_id: string | null
  product_id: string | null
  title: string
  scenario: string
  latest_version: number
  updated_at: string
}

export interface ScriptVersion {
  version: number
  content: string
  draft: string
  approved_by: Person | null
  created_at: string
}

export interface QualityReport {
  verdict: 'pass' | 'warn' | 'block'
  score: number
  findings: Finding[]
  checks: CheckResult[]
}

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

interface Call {
  query?: Record<string, string | number | undefined>
  body?: unknown
  /** Names this request, so that a repeat of it is not carried out twice. */
  key?: string
  signal?: AbortSignal
}

async function call<T>(
  method: string,
  path: string,
  { query = {}, body, key, signal }: Call = {},
): Promise<T> {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  )
  const search = given.length ? `?${new URLSearchParams(given)}` : ''
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (key) headers['Idempotency-Key'] = key
  let response: Response
  try {
    response = await fetch(`/api/v1${path}${search}`, {
      method,
      headers,
      credentials: 'same-origin',
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new RestProblem(0, {})
  }
  if (response.status === 204) return undefined as T
  const answer: unknown = await response.json().catch(() => ({}))
  if (!response.ok) throw new RestProblem(response.status, answer as { code?: string })
  return answer as T
}

/** Every page of a list; our catalogues are small enough to be shown whole. */
async function all<T>(path: string, query: Call['query'] = {}): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const page = await call<Page<T>>('GET', path, { query: { ...query, limit: 100, cursor } })
    items.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor)
  return items
}

export const api = {
  me: () => call<Me>('GET', '/auth/me'),
  login: (body: { email: string; password: string; tenant?: string }) =>
    call<Me>('POST', '/auth/login', { body }),
  logout: () => call<void>('POST', '/auth/logout'),

  threads: (cursor?: string, q?: string) =>
    call<Page<Thread>>('GET', '/threads', { query: { cursor, q, limit: 50 } }),
  createThread: (body: { title?: string; room_id?: string; product_id?: string }, key: string) =>
    call<Thread>('POST', '/threads', { body, key }),
  renameThread: (id: string, title: string) => call<Thread>('PATCH', `/threads/${id}`, { body: { title } }),
  deleteThread: (id: string) => call<void>('DELETE', `/threads/${id}`),
  snapshot: (id: string) =>
    call<{ epoch: string; snapshot: ThreadSnapshot }>('GET', `/threads/${id}/snapshot`).then(
      (answer) => answer.snapshot,
    ),

  pendingInterrupts: () => all<Interrupt>('/interrupts', { status: 'pending' }),
  interrupt: (id: string) => call<Interrupt>('GET', `/interrupts/${id}`),
  check: (body: { content: string; product_id?: string; seconds?: number }, signal?: AbortSignal) =>
    call<QualityReport>('POST', '/quality/check', { body, signal }),

  scripts: (cursor?: string) => call<Page<Script>>('GET', '/scripts', { query: { cursor, limit: 50 } }),
  script: (id: string) => call<Script & { versions: ScriptVersion[] }>('GET', `/scripts/${id}`),

  rooms: () => all<Room>('/rooms'),
  hosts: () => all<Host>('/hosts'),
  createHost: (body: HostFields) => call<Host>('POST', '/hosts', { body, key: uuid7() }),
  updateHost: (id: string, body: HostFields & { version: number }) =>
    call<Host>('PATCH', `/hosts/${id}`, { body }),
  deleteHost: (id: string) => call<void>('DELETE', `/hosts/${id}`),
  products: () => all<Product>('/products'),
  createProduct: (body: ProductFields) => call<Product>('POST', '/products', { body, key: uuid7() }),
  updateProduct: (id: string, body: ProductFields & { version: number }) =>
    call<Product>('PATCH', `/products/${id}`, { body }),
  deleteProduct: (id: string) => call<void>('DELETE', `/products/${id}`),
}
