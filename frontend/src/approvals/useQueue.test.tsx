import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, renderHook, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { expect, test, vi } from 'vitest'
import type { AnyFrame } from '../generated/protocol'
import { useQueue } from './useQueue'

let hear: (frame: AnyFrame) => void = () => {}
const socket = {
  clock: { now: () => Date.parse('2026-01-01T00:00:00Z') },
  subscribe: (_topic: string, _after: () => number, listener: typeof hear) => {
    hear = listener
    return () => {}
  },
}
vi.mock('../shared/desk', () => ({ useDesk: () => ({ socket }) }))
let answer: (rows: object[]) => void = () => {}
vi.mock('../shared/api', () => ({
  api: {
    pendingInterrupts: () =>
      new Promise((resolve) => {
        answer = resolve
      }),
  },
}))

test('what ended while the list was on its way does not wait in it', async () => {
  const cache = new QueryClient()
  const around = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  )
  const { result } = renderHook(useQueue, { wrapper: around })
  const listed = {
    id: 'i',
    thread_id: 't',
    status: 'pending',
    version: 1,
    created_at: '2026-01-01T00:00:00Z',
  }
  act(() => hear({ type: 'interrupt_expired', interrupt_id: 'i', at: '2026-01-01T00:00:00Z' } as AnyFrame))
  answer([listed, { ...listed, id: 'j' }])
  await waitFor(() => expect(result.current.queue.get('j')?.interrupt.status).toBe('pending'))
  expect(result.current.queue.get('i')?.interrupt.status).toBe('expired')
})
