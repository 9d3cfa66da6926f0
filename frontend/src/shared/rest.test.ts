import { afterEach, expect, test, vi } from 'vitest'
import { api } from './api'
import { RestProblem } from './rest'

afterEach(() => vi.unstubAllGlobals())

function answer(response: () => Response): Request[] {
  const seen: Request[] = []
  vi.stubGlobal('fetch', async (request: Request) => {
    seen.push(request)
    return response()
  })
  return seen
}
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status })

test('what makes something names its request, so that a repeat makes nothing twice', async () => {
  const seen = answer(() => json(201, { id: 't' }))
  await api.createThread({ title: '开场' }, 'key-1')
  expect(seen[0]?.headers.get('Idempotency-Key')).toBe('key-1')
  expect(new URL(seen[0]?.url ?? '').pathname).toBe('/api/v1/threads')
})

test('a refusal is thrown with its code and details; a page of a proxy or no answer at all have codes of their own', async () => {
  answer(() => json(409, { code: 'version_conflict', detail: 'x', details: { version: 4 } }))
  const conflict = await api.deleteHost('h').catch((error: unknown) => error)
  expect(conflict).toBeInstanceOf(RestProblem)
  expect(conflict).toMatchObject({ status: 409, code: 'version_conflict', details: { version: 4 } })

  answer(() => new Response('<html>Bad gateway</html>', { status: 502 }))
  await expect(api.me()).rejects.toMatchObject({ status: 502, code: 'internal_error', retryable: true })

  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
  await expect(api.me()).rejects.toMatchObject({ status: 0, code: 'unreachable' })
})

test('a list is read to its last page', async () => {
  const pages = [
    { items: [{ id: 'a' }], next_cursor: 'more' },
    { items: [{ id: 'b' }], next_cursor: null },
  ]
  const seen = answer(() => json(200, pages.shift()))
  expect((await api.rooms()).map(({ id }) => id)).toEqual(['a', 'b'])
  expect(new URL(seen[1]?.url ?? '').searchParams.get('cursor')).toBe('more')
})
