import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { AnyFrame } from '../generated/protocol'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { readAnew } from '../shared/readAnew'
import { follow, type Queue, reconcile } from './queue'

/** What comes faster is taken in together: every step of the queue draws the page and the shell. */
const STEP_MS = 100
/** More than end while one list is read. */
const ENDS_KEPT = 500
const isEnd = ({ type }: AnyFrame) => type === 'interrupt_resolved' || type === 'interrupt_expired'

/** The tenant's queue, live: the list by REST, every change by the socket; read again after a broken line. */
export function useQueue() {
  const { socket } = useDesk()
  const cache = useQueryClient()
  const [queue, setQueue] = useState<Queue>(new Map())
  // A list that was on its way may still tell of what has ended as waiting.
  const ended = useRef<readonly AnyFrame[]>([])
  const read = async () => {
    const readAt = socket.clock.now()
    return { readAt, rows: await api.pendingInterrupts() }
  }
  const list = useQuery({ queryKey: ['interrupts'], queryFn: read, staleTime: 0 })
  const { data } = list
  useEffect(() => {
    if (data) setQueue((known) => ended.current.reduce(follow, reconcile(known, data.rows, data.readAt)))
  }, [data])
  useEffect(() => {
    const arrived: AnyFrame[] = []
    let waits = false
    const take = () => {
      const frames = arrived.splice(0)
      waits = frames.length > 0
      if (!waits) return
      ended.current = [...ended.current, ...frames.filter(isEnd)].slice(-ENDS_KEPT)
      setQueue((known) => frames.reduce(follow, known))
      setTimeout(take, STEP_MS)
    }
    return socket.subscribe(
      'approvals',
      () => 0,
      (frame) => {
        if (frame.type === 'subscribed') void readAnew(cache, ['interrupts'])
        arrived.push(frame)
        if (!waits) take()
      },
    )
  }, [socket, cache])
  return { queue, list }
}
