import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, renderHook, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { expect, test, vi } from 'vitest'
import type { AnyFrame, ThreadListed } from '../generated/protocol'
import { api } from '../shared/api'
import type { ThreadRow } from './threadRows'
import { useThreads } from './useThreads'

let say: (frame: AnyFrame) => void = () => {}
const socket = {
  subscribe: (_topic: string, _after: () => number, listener: typeof say) => {
    say = listener
    return () => {}
  },
}
vi.mock('../shared/desk', () => ({ useDesk: () => ({ socket }) }))

const row = (id: string, last_seq: number, title: string): ThreadRow => ({
  id,
  title,
  room_id: null,
  product_id: null,
  host_id: null,
  show_id: null,
  last_seq,
  active_run: null,
  pending_interrupts: 0,
  pinned_at: null,
  last_text: '',
  created_at: '2026-11-22T10:00:00Z',
  updated_at: `2026-11-22T10:00:0${last_seq}Z`,
})
const listed = (thread_id: string, of: ThreadRow | null): ThreadListed => {
  const { pinned_at: _, ...told } = of ?? row('', 0, '')
  return { type: 'thread_listed', topic: 'threads', thread_id, row: of && (told as ThreadListed['row']) }
}

test('what is told while the list is being read holds against an answer that is older', async () => {
  let answer: (rows: ThreadRow[]) => void = () => {}
  const reading = vi.spyOn(api, 'threads').mockImplementation(
    () =>
      new Promise((resolve) => {
        answer = (items) => resolve({ items, next_cursor: null })
      }),
  )
  const cache = new QueryClient()
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  )
  const { result } = renderHook(() => useThreads('', undefined, { current: null }), { wrapper })
  const titles = () => result.current.threads.map(({ title }) => title)
  const old = [row('a', 1, 'a'), row('gone', 2, 'gone')]
  act(() => answer(old))
  await waitFor(() => expect(titles()).toEqual(['gone', 'a']))

  act(() => say({ type: 'subscribed', topic: 'threads', seq: null }))
  await waitFor(() => expect(reading).toHaveBeenCalledTimes(2))
  act(() => {
    say(listed('a', row('a', 5, 'a, renamed')))
    say(listed('gone', null))
    say(listed('new', row('new', 6, 'new')))
  })
  await waitFor(() => expect(titles()).toEqual(['new', 'a, renamed']))
  act(() => answer(old))
  await waitFor(() => expect(result.current.list.isFetching).toBe(false))
  await waitFor(() => expect(titles()).toEqual(['new', 'a, renamed']))
})

test('an answer to an earlier search that comes last brings back no thread that was removed meanwhile', async () => {
  const answers = new Map<string, (rows: ThreadRow[]) => void>()
  vi.spyOn(api, 'threads').mockImplementation(
    (_, search = '') =>
      new Promise((resolve) => {
        answers.set(search, (items) => resolve({ items, next_cursor: null }))
      }),
  )
  const cache = new QueryClient()
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  )
  const { result, rerender } = renderHook(({ search }) => useThreads(search, undefined, { current: null }), {
    wrapper,
    initialProps: { search: '' },
  })
  const titles = () => result.current.threads.map(({ title }) => title)
  rerender({ search: 'g' })
  await waitFor(() => expect(answers.size).toBe(2))
  act(() => say(listed('gone', null)))
  act(() => answers.get('g')?.([row('gone', 2, 'gone'), row('good', 1, 'good')]))
  await waitFor(() => expect(titles()).toEqual(['good']))
  act(() => answers.get('')?.([row('gone', 2, 'gone'), row('a', 1, 'a')]))
  await waitFor(() => expect(cache.isFetching()).toBe(0))
  rerender({ search: '' })
  await waitFor(() => expect(titles()).toEqual(['a']))
})
