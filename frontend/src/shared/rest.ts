import createClient, { type Middleware } from 'openapi-fetch'
import type { ErrorCode } from '../generated/errors'
import type { components, paths } from '../generated/openapi'

/** The shapes of REST, as the server declares them. */
export type Shapes = components['schemas']

type Details = Shapes['ProblemDetails']

/** The server's stable codes, and those for what never reached it. */
export type ProblemCode = ErrorCode | 'unreachable' | 'disconnected' | 'unconfirmed'

/** Why a request was refused: RFC 9457 problem details. `status` is 0 when no server answered. */
export class RestProblem extends Error implements Details {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly retryable: boolean
  readonly retry_after_ms: number | null
  readonly details: Record<string, unknown>

  constructor(status: number, told: Partial<Details>) {
    super(told.detail ?? told.title ?? '')
    this.name = 'RestProblem'
    const code: ProblemCode = status === 0 ? 'unreachable' : 'internal_error'
    this.type = told.type ?? 'about:blank'
    this.title = told.title ?? ''
    this.status = status
    this.code = told.code ?? code
    this.detail = told.detail ?? ''
    this.retryable = told.retryable ?? (status === 0 || status >= 500)
    this.retry_after_ms = told.retry_after_ms ?? null
    this.details = told.details ?? {}
  }
}

/** Told to the window when the server no longer knows who asks. */
export const SIGNED_OUT = 'cuedesk:signed-out'

const refusals: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return undefined
    // A proxy in between answers with a page of its own: then only the status is known.
    const told: unknown = await response.json().catch(() => ({}))
    if (response.status === 401 && !response.url.includes('/auth/')) dispatchEvent(new Event(SIGNED_OUT))
    throw new RestProblem(response.status, (told ?? {}) as Partial<Details>)
  },
  onError({ error, request }) {
    return request.signal.aborted || !(error instanceof Error) ? undefined : new RestProblem(0, {})
  },
}

/** Typed by the server's own description; whatever is no success is thrown as a `RestProblem`. */
export const rest = createClient<paths>({
  baseUrl: location.origin,
  credentials: 'same-origin',
  headers: { Accept: 'application/json' },
  fetch: (request) => fetch(request),
})
rest.use(refusals)

/** The body of an answer that has one. */
export async function bodyOf<T>(answer: Promise<{ data?: T; response: Response }>): Promise<T> {
  const { data, response } = await answer
  if (data === undefined) throw new RestProblem(response.status, {})
  return data
}

/** Every page of a list, up to a thousand entries. */
export async function everyPage<T>(
  read: (cursor: string | undefined) => Promise<{ items: T[]; next_cursor?: string | null }>,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const page = await read(cursor)
    items.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor && items.length < 1000)
  return items
}

/** The code and words of a refusal by REST or by the socket; anything else is a fault of ours. */
export function told(problem: unknown): { code: string; message: string; details: Record<string, unknown> } {
  if (typeof problem !== 'object' || problem === null)
    return { code: 'internal_error', message: '', details: {} }
  const { code, message, details } = problem as { code?: unknown; message?: unknown; details?: unknown }
  if (typeof code !== 'string') return { code: 'internal_error', message: '', details: {} }
  const more = typeof details === 'object' && details !== null ? (details as Record<string, unknown>) : {}
  return { code, message: typeof message === 'string' ? message : '', details: more }
}
