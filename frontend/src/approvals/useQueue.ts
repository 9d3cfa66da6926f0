import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { follow, type Queue, reconcile } from './queue'

/** The tenant's queue, live: the list by REST, every change by the socket; read again after a broken line. */
export function useQueue() {
  const { socket } = useDesk()
  const cache = useQueryClient()
  const [queue, setQueue] = useState<Queue>(new Map())
  const read = async () => {
    const readAt = socket.clock.now()
    return { readAt, rows: await api.pendingInterrupts() }
  }
  const list = useQuery({ queryKey: ['interrupts'], queryFn: read, staleTime: 0 })
  const { data } = list
  useEffect(() => {
    if (data) setQueue((known) => reconcile(known, data.rows, data.readAt))
  }, [data])
  useEffect(
    () =>
      socket.subscribe(
        'approvals',
        () => 0,
        (frame) => {
          if (frame.type === 'subscribed') void cache.invalidateQueries({ queryKey: ['interrupts'] })
          else setQueue((known) => follow(known, frame))
        },
      ),
    [socket, cache],
  )
  return { queue, list }
}
