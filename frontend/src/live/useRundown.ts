import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { api } from '../shared/api'
import { liveApi, type Rundown } from './api'

const HELD_AGAIN_MS = 60_000

/** A room's rundown, read anew whenever the room says that it changed, and which of it may not go on air now. */
export function useRundown(roomId: string, revision: number | undefined) {
  const cache = useQueryClient()
  const key = useMemo(() => ['queue', roomId], [roomId])
  const list = useQuery({ queryKey: key, queryFn: () => api.rundown(roomId) })
  const known = list.data?.revision
  useEffect(() => {
    if (revision !== undefined && known !== undefined && revision > known)
      void cache.invalidateQueries({ queryKey: key })
  }, [cache, key, revision, known])
  const held = useQuery({
    queryKey: ['queue-held', roomId, known],
    queryFn: () => liveApi.held(roomId),
    enabled: known !== undefined,
    // Rules and products change without a word to the room.
    refetchInterval: HELD_AGAIN_MS,
    placeholderData: (before) => before,
  })
  return {
    list,
    held: held.data ?? [],
    /** Take what the server answered; the room's word of it may come before or after. */
    set: (rundown: Rundown) =>
      cache.setQueryData<Rundown>(key, (old) => (old && old.revision > rundown.revision ? old : rundown)),
  }
}
