import { useCallback, useEffect, useRef, useState } from 'react'
import type { InterruptView, Person } from '../generated/protocol'
import { useDesk } from '../shared/desk'
import { uuid7 } from '../wire/ids'

/** A claim lasts 90 s on the server: prolonged well before, it survives one lost beat. */
const PROLONG_MS = 30_000

export interface Claiming {
  /** Everybody who has it open. */
  readonly lookers: readonly Person[]
  readonly mine: boolean
  readonly holder: Person | null
  readonly busy: boolean
  readonly problem: unknown
  claim(takeOver: boolean): Promise<void>
  release(): Promise<void>
  extend(): Promise<void>
  /** Somebody works on it here: claims it unless that is so already, a colleague has it, or it was refused. */
  engage(): void
}

/**
 * Who looks at an interrupt and who reviews it. What was claimed in this tab is prolonged while the page is seen, had
 * again after the tab slept or the line was down unless a colleague has it by then, and given back when one goes on to
 * something else or leaves.
 */
export function useClaim(interrupt: InterruptView): Claiming {
  const { socket, me } = useDesk()
  const { id, claimed_by: holder } = interrupt
  const [lookers, setLookers] = useState<readonly Person[]>([])
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const pending = interrupt.status === 'pending' && interrupt.on_air_at === null
  const mine = pending && holder?.id === me.user.id
  // Claimed by this tab: another one of the same person has its own to prolong and to give back.
  const ours = useRef(false)
  if (!pending || (holder && !mine)) ours.current = false
  const held = useRef(mine)
  held.current = mine
  const left = useRef(false)

  // It is told to everybody before the answer comes: who reads that it is done may do the next thing.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever it becomes another's
  useEffect(() => setBusy(false), [holder?.id])

  useEffect(() => {
    setLookers([])
    return socket.subscribe(
      `interrupt:${id}`,
      () => 0,
      (frame) => {
        if (frame.type === 'presence') setLookers(frame.people)
      },
    )
  }, [socket, id])

  const say = useCallback(
    async (command: { type: 'claim'; take_over: boolean } | { type: 'release' } | { type: 'extend' }) => {
      setBusy(true)
      setProblem(null)
      try {
        await socket.send({ ...command, id: uuid7(), interrupt_id: id })
        if (command.type === 'release') ours.current = false
        if (command.type === 'claim') ours.current = true
        // It was granted to who had gone on meanwhile.
        if (command.type === 'claim' && left.current) socket.post({ type: 'release', interrupt_id: id })
      } catch (error) {
        setProblem(error)
      } finally {
        setBusy(false)
      }
    },
    [socket, id],
  )
  const claim = useCallback((takeOver: boolean) => say({ type: 'claim', take_over: takeOver }), [say])

  useEffect(() => {
    // Said only if the line is up, and never taking over: after a pause the claim may rightly be somebody else's.
    const prolong = () => {
      if (ours.current && document.visibilityState === 'visible')
        socket.post({ type: 'claim', interrupt_id: id, take_over: false })
    }
    const timer = setInterval(() => {
      if (held.current) prolong()
    }, PROLONG_MS)
    const stop = socket.onStatus(({ state }) => {
      if (state === 'open') prolong()
    })
    // The socket does not live long enough to say it.
    const give = () => {
      if (ours.current && held.current)
        void fetch(`/api/v1/interrupts/${id}/release`, { method: 'POST', keepalive: true }).catch(
          () => undefined,
        )
    }
    document.addEventListener('visibilitychange', prolong)
    window.addEventListener('pagehide', give)
    return () => {
      clearInterval(timer)
      stop()
      document.removeEventListener('visibilitychange', prolong)
      window.removeEventListener('pagehide', give)
    }
  }, [socket, id])
  useEffect(() => {
    left.current = false
    return () => {
      left.current = true
      if (ours.current && held.current) socket.post({ type: 'release', interrupt_id: id })
    }
  }, [socket, id])

  return {
    lookers,
    mine,
    holder: pending ? holder : null,
    busy,
    problem,
    claim,
    release: useCallback(() => say({ type: 'release' }), [say]),
    extend: useCallback(() => say({ type: 'extend' }), [say]),
    engage: () => {
      const theirs = holder !== null && !mine
      if (pending && !theirs && !(mine && ours.current) && !busy && problem === null) void claim(false)
    },
  }
}
