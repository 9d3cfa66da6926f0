import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, renderHook, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { beforeEach, expect, test, vi } from 'vitest'
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
let readings = 0
vi.mock('../shared/api', () => ({
  api: {
    pendingInterrupts: () => {
      readings += 1
      return new Promise((resolve) => {
        answer = resolve
      })
    },
  },
}))

beforeEach(() => {
  readings = 0
})

const listed = {
  id: 'i',
  thread_id: 't',
  status: 'pending',
  version: 1,
  created_at: '2026-01-01T00:00:00Z',
}
function opened() {
  const cache = new QueryClient()
  const around = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  )
  return renderHook(useQueue, { wrapper: around })
}

test('what ended while the list was on its way does not wait in it', async () => {
  const { result } = opened()
  act(() => hear({ type: 'interrupt_expired', interrupt_id: 'i', at: '2026-01-01T00:00:00Z' } as AnyFrame))
  answer([listed, { ...listed, id: 'j' }])
  await waitFor(() => expect(result.current.queue.get('j')?.interrupt.status).toBe('pending'))
  expect(result.current.queue.get('i')?.interrupt.status).toBe('expired')
})

test('what came after the list was read and before the line told of it is read when the line does', async () => {
  const { result } = opened()
  // The answer to the first reading is on its way still.
  act(() => hear({ type: 'subscribed', topic: 'approvals', seq: null } as AnyFrame))
  answer([])
  await waitFor(() => expect(readings).toBe(2))
  answer([listed])
  await waitFor(() => expect(result.current.queue.get('i')?.interrupt.status).toBe('pending'))
})
