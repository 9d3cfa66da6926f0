import { useCallback, useEffect, useState } from 'react'
import type { InterruptView } from '../generated/protocol'
import { api } from '../shared/api'
import { useCommandKeys } from '../shared/commands'
import { useDesk, useSocketStatus } from '../shared/desk'
import { CommandRefused } from '../wire/socket'
import type { RejectReason } from './reasons'

/** Between two tries to read what became of a decision. */
const AGAIN_MS = 2000

export type Choice =
  | { decision: 'approve'; override_reason?: string }
  | { decision: 'edit'; content: string; override_reason?: string }
  | { decision: 'reject'; feedback?: string; reason?: RejectReason }

export type Refusal = Pick<CommandRefused, 'code' | 'message' | 'details'>

export interface DecisionState {
  /**
   * `sent`: the server accepted; the interrupt changes when its event arrives. `unknown`: the line was cut before the
   * answer; over as soon as the server's state is read.
   */
  readonly phase: 'idle' | 'sending' | 'sent' | 'unknown'
  readonly refusal: Refusal | null
  /** False while the line is down: a decision is never queued. */
  readonly online: boolean
  decide(choice: Choice): Promise<void>
  dismiss(): void
}

/** Sends a decision on one interrupt, now or not at all. The same decision sent again carries the same command id. */
export function useDecision(threadId: string, interrupt: InterruptView): DecisionState {
  const { socket } = useDesk()
  const online = useSocketStatus().state === 'open'
  const [phase, setPhase] = useState<DecisionState['phase']>('idle')
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const keyFor = useCommandKeys()

  const decide = useCallback(
    async (choice: Choice) => {
      const id = keyFor([interrupt.id, interrupt.version, choice])
      setPhase('sending')
      setRefusal(null)
      try {
        const target = { thread_id: threadId, interrupt_id: interrupt.id, version: interrupt.version }
        await socket.send({ type: 'interrupt_response', id, ...target, ...choice }, { once: true })
        setPhase('sent')
      } catch (error) {
        if (!(error instanceof CommandRefused)) throw error
        const unknown = error.code === 'unconfirmed'
        setPhase(unknown ? 'unknown' : 'idle')
        if (!unknown) setRefusal({ code: error.code, message: error.message, details: error.details })
      }
    },
    [socket, keyFor, threadId, interrupt.id, interrupt.version],
  )
  useEffect(() => {
    // Nothing is refused any more for a line that is back.
    if (online) setRefusal((told) => (told?.code === 'disconnected' ? null : told))
  }, [online])
  useEffect(() => {
    if (phase !== 'unknown' || !online) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let over = false
    const read = async () => {
      const known = await api.interrupt(interrupt.id).catch(() => undefined)
      if (over) return
      if (!known) timer = setTimeout(read, AGAIN_MS)
      else if (known.status !== 'pending') setPhase('sent')
      else {
        setPhase('idle')
        setRefusal({ code: 'unconfirmed', message: '', details: {} })
      }
    }
    void read()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [phase, online, interrupt.id])
  return { phase, refusal, online, decide, dismiss: useCallback(() => setRefusal(null), []) }
}
