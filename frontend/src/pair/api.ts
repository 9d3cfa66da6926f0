import type { components } from '../generated/openapi'

export type Paired = components['schemas']['Paired']

/** The server said no (a stable code), or none answered (`unreachable`). */
export class PairProblem extends Error {
  readonly code: string
  readonly retryAfterMs: number

  constructor(code: string, retryAfterMs = 0) {
    super(code)
    this.name = 'PairProblem'
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

async function ask(path: string, method: string, body?: object): Promise<Response> {
  const headers = { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) }
  const answer = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) }).catch(
    () => {
      throw new PairProblem('unreachable')
    },
  )
  if (answer.ok) return answer
  const told = (await answer.json().catch(() => ({}))) as { code?: string; retry_after_ms?: number | null }
  throw new PairProblem(told.code ?? 'unreachable', told.retry_after_ms ?? 0)
}

/** Make this device one of a room, by the code that somebody reads out or the secret of the link they scanned. */
export const pair = async (by: { code: string } | { secret: string }, name: string): Promise<Paired> =>
  (await (await ask('/pair', 'POST', { ...by, name })).json()) as Paired

/** What this device is; nothing when it is not paired. */
export async function readPaired(): Promise<Paired | undefined> {
  try {
    return (await (await ask('/paired', 'GET')).json()) as Paired
  } catch (error) {
    if (error instanceof PairProblem && error.code === 'unauthenticated') return undefined
    throw error
  }
}

export const leave = async (): Promise<void> => void (await ask('/paired', 'DELETE'))

/** The page on which a paired device does its work. */
export const pageOf = ({ role, room }: Paired): string =>
  `${role === 'remote' ? '/remote' : '/prompter.html'}?room=${room.id}&paired`
