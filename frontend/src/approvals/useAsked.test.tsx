import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { renderHook, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { expect, test, vi } from 'vitest'
import { useAsked } from './useAsked'

let status = 'pending'
const readings = vi.fn(async (id: string) => ({ id, status }))
vi.mock('../shared/api', () => ({ api: { interrupt: (id: string) => readings(id) } }))

test('what ended before the queue could tell of it is read again when the queue does not list it', async () => {
  const cache = new QueryClient({ defaultOptions: { queries: { staleTime: 30_000 } } })
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  )
  const { result, rerender } = renderHook(({ listedAt }) => useAsked('i', false, listedAt), {
    initialProps: { listedAt: 0 },
    wrapper,
  })
  await waitFor(() => expect(result.current.data?.status).toBe('pending'))
  status = 'expired'
  rerender({ listedAt: Date.now() + 1 })
  await waitFor(() => expect(result.current.data?.status).toBe('expired'))
  expect(readings).toHaveBeenCalledTimes(2)
})
