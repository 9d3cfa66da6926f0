import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api } from '../shared/api'

/**
 * A question by its id, for where the queue does not know it; `listedAt` is when the queue was read last, in the browser's
 * milliseconds.
 */
export function useAsked(id: string, known: boolean, listedAt: number) {
  const read = useQuery({
    queryKey: ['interrupt', id],
    queryFn: () => api.interrupt(id),
    enabled: !known,
    retry: false,
  })
  // Read as waiting, and a later list knows nothing of it: it ended in between, and nobody else will tell.
  const missed = !known && read.data?.status === 'pending' && read.dataUpdatedAt < listedAt
  const { refetch } = read
  useEffect(() => {
    if (missed) void refetch()
  }, [missed, refetch])
  return read
}
