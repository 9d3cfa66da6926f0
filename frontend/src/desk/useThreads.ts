import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react'
import type { ThreadListed } from '../generated/protocol'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { readAnew } from '../shared/readAnew'
import { kept, sorted, type ThreadPages, type ThreadRow, told } from './threadRows'

const KEY = ['threads']

/**
 * The threads found by `search`, live: read once a line, then told row by row. While somebody points at `box` or walks
 * through it by Tab no row leaves its place; `asked()` before something that was meant to move one.
 */
export function useThreads(search: string, activeId: string | undefined, box: RefObject<HTMLElement | null>) {
  const { socket } = useDesk()
  const cache = useQueryClient()
  const list = useInfiniteQuery({
    queryKey: [...KEY, search],
    queryFn: ({ pageParam }) => api.threads(pageParam, search || undefined),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: (previous) => previous,
  })
  const apply = useCallback(
    (frame: ThreadListed) => {
      for (const [key] of cache.getQueriesData<ThreadPages>({ queryKey: KEY }))
        cache.setQueryData<ThreadPages>(key, (known) => known && told(known, frame, String(key[1])))
    },
    [cache],
  )
  /**
   * What was told while lists were being read: each answer may be older, and takes the place of all that was known. Of two
   * searches one may still be read when the other is answered, so all is kept until none is.
   */
  const meanwhile = useRef<ThreadListed[]>([])
  const { isFetching } = list
  useEffect(
    () =>
      cache.getQueryCache().subscribe((event) => {
        if (event.type !== 'updated' || event.query.queryKey[0] !== KEY[0]) return
        const { action } = event
        if (action.type === 'success' && !action.manual) for (const frame of meanwhile.current) apply(frame)
        if (action.type !== 'fetch' && !cache.isFetching({ queryKey: KEY })) meanwhile.current = []
      }),
    [cache, apply],
  )
  useEffect(
    () =>
      socket.subscribe(
        'threads',
        () => 0,
        (frame) => {
          // From here on everything is told: what was before is in the list.
          if (frame.type === 'subscribed') void readAnew(cache, KEY)
          if (frame.type !== 'thread_listed') return
          if (cache.isFetching({ queryKey: KEY })) meanwhile.current.push(frame)
          apply(frame)
        },
      ),
    [socket, cache, apply],
  )

  const pointing = useRef(false)
  const [, moved] = useState(0)
  const before = useRef<{ search: string; ids: string[] }>({ search, ids: [] })
  const free = useRef(true)
  // A thread in which nothing was ever said is nobody's: its first message was refused.
  const all = sorted(list.data).filter(({ id, title, last_seq }) => last_seq > 0 || title || id === activeId)
  const { ids } = before.current
  const atKeys = box.current?.contains(document.activeElement) && box.current.querySelector(':focus-visible')
  const here = activeId && all.some(({ id }) => id === activeId) && !ids.includes(activeId)
  const settled =
    free.current || (!pointing.current && !atKeys) || before.current.search !== search || here || !ids.length
  const threads: ThreadRow[] = settled ? all : kept(ids, all)
  useEffect(() => {
    before.current = { search, ids: threads.map(({ id }) => id) }
  })
  useEffect(() => {
    if (!isFetching) free.current = false
  }, [isFetching])

  return {
    list,
    threads,
    asked: useCallback(() => {
      free.current = true
    }, []),
    watched: {
      onPointerEnter: () => {
        pointing.current = true
      },
      onPointerLeave: () => {
        pointing.current = false
        moved((n) => n + 1)
      },
      onBlur: () => moved((n) => n + 1),
    },
  }
}
