import { useCallback, useState } from 'react'
import type { InterruptView } from '../generated/protocol'
import { useCommandKeys } from '../shared/commands'
import { LOST_AFTER_SECONDS, useDesk, useSecondsDown, useSocketStatus } from '../shared/desk'
import { CommandRefused } from '../wire/socket'
import type { RejectReason } from './reasons'

export type Choice =
  | { decision: 'approve'; override_reason?: string }
  | { decision: 'edit'; content: string; override_reason?: string }
  | { decision: 'reject'; feedback?: string; reason?: RejectReason }

export type Refusal = Pick<CommandRefused, 'code' | 'message' | 'details'>

export interface DecisionState {
  /** `sent`: the server accepted; the interrupt changes when its event arrives. */
  readonly phase: 'idle' | 'sending' | 'sent'
  readonly refusal: Refusal | null
  /** False while the line is down: an approval is never queued. */
  readonly online: boolean
  decide(choice: Choice): Promise<void>
  dismiss(): void
}

/** Sends a decision on one interrupt. The same decision sent again carries the same command id. */
export function useDecision(threadId: string, interrupt: InterruptView): DecisionState {
  const { socket } = useDesk()
  const status = useSocketStatus()
  const down = useSecondsDown()
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
        await socket.send({ type: 'interrupt_response', id, ...target, ...choice })
        setPhase('sent')
      } catch (error) {
        setPhase('idle')
        if (!(error instanceof CommandRefused)) throw error
        setRefusal({ code: error.code, message: error.message, details: error.details })
      }
    },
    [socket, keyFor, threadId, interrupt.id, interrupt.version],
  )
  const online = status.state === 'open' || (status.state === 'reconnecting' && down < LOST_AFTER_SECONDS)
  return { phase, refusal, online, decide, dismiss: useCallback(() => setRefusal(null), []) }
}
