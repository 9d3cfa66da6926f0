import type { QueryClient, QueryKey } from '@tanstack/react-query'

/**
 * Reads lists again, after now. Their first reading may be under way still, and older than what is told from now on: the
 * cache alone would take its answer for the new one.
 */
export async function readAnew(cache: QueryClient, queryKey: QueryKey) {
  const first = cache
    .getQueryCache()
    .findAll({ queryKey, fetchStatus: 'fetching', predicate: ({ state }) => state.data === undefined })
  await Promise.allSettled(first.map(({ promise }) => promise))
  await cache.invalidateQueries({ queryKey })
}
