/** A REST answer that was not a success: RFC 9457 problem details with our stable `code`. */
export class RestProblem extends Error {
  readonly status: number
  readonly code: string
  readonly details: Record<string, unknown>

  constructor(status: number, body: { code?: string; detail?: string; title?: string; details?: unknown }) {
    super(body.detail ?? body.title ?? '')
    this.name = 'RestProblem'
    this.status = status
    this.code = body.code ?? (status === 0 ? 'unreachable' : 'internal_error')
    this.details = (body.details ?? {}) as Record<string, unknown>
  }
}
