import { useEffect, useMemo, useState } from 'react'
import { create } from 'zustand'
import type { InterruptView } from '../generated/protocol'
import { useDesk } from '../shared/desk'
import { recall, remember } from '../shared/storage'
import type { Queue } from './queue'

/** For how many minutes a script can be put off. */
export const MINUTES = [3, 5, 10, 15] as const
/** From here on nothing may be put off any more, and what was comes back. */
const URGENT_MS = 120_000
const TICK_MS = 1000

/** Until when, by the server's clock in milliseconds, somebody does not want to see an interrupt. */
export type Snoozed = Readonly<Record<string, number>>

const keyOf = (userId: string) => `cuedesk:snoozed:${userId}`

export function readSnoozed(text: string): Snoozed {
  try {
    const kept: unknown = JSON.parse(text || '{}')
    if (typeof kept !== 'object' || kept === null) return {}
    return Object.fromEntries(Object.entries(kept).filter(([, until]) => typeof until === 'number'))
  } catch {
    return {}
  }
}

/** Whether it is so near its end that nobody may lose sight of it. */
export function isUrgent({ escalated_at, expires_at }: InterruptView, now: number): boolean {
  return escalated_at !== null || Date.parse(expires_at) - now < URGENT_MS
}

/** The queue without what was put off; urgent things, and what its time is over for, are there again. */
export function awake(queue: Queue, snoozed: Snoozed, now: number): Queue {
  const hidden = [...queue.values()].filter(
    ({ interrupt }) => (snoozed[interrupt.id] ?? 0) > now && !isUrgent(interrupt, now),
  )
  if (hidden.length === 0) return queue
  const next = new Map(queue)
  for (const { interrupt } of hidden) next.delete(interrupt.id)
  return next
}

const useStore = create<{ of: string; snoozed: Snoozed }>(() => ({ of: '', snoozed: {} }))

/** What this person put off in this browser, in all its tabs; draws again when something comes back. */
export function useSnooze(queue: Queue): {
  awake: Queue
  snooze: (id: string, minutes: number) => void
  wake: () => void
} {
  const { me, socket } = useDesk()
  const key = keyOf(me.user.id)
  const { of, snoozed } = useStore()
  const [now, setNow] = useState(() => socket.clock.now())
  useEffect(() => {
    const read = () => useStore.setState({ of: key, snoozed: readSnoozed(recall(key)) })
    read()
    const told = (event: StorageEvent) => {
      if (event.key === key) read()
    }
    window.addEventListener('storage', told)
    return () => window.removeEventListener('storage', told)
  }, [key])
  const any = of === key && Object.values(snoozed).some((until) => until > now)
  useEffect(() => {
    if (!any) return
    const timer = setInterval(() => setNow(socket.clock.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [any, socket])
  const seen = useMemo(() => awake(queue, of === key ? snoozed : {}, now), [queue, of, key, snoozed, now])
  const keep = (next: Snoozed) => {
    const still = Object.fromEntries(Object.entries(next).filter(([, until]) => until > socket.clock.now()))
    remember(key, Object.keys(still).length > 0 ? JSON.stringify(still) : '')
    useStore.setState({ of: key, snoozed: still })
    setNow(socket.clock.now())
  }
  return {
    awake: seen,
    snooze: (id, minutes) => keep({ ...snoozed, [id]: socket.clock.now() + minutes * 60_000 }),
    wake: () => keep({}),
  }
}
