import { useState } from 'react'
import { useCommandKeys } from '../shared/commands'
import { useDesk } from '../shared/desk'
import { CommandRefused } from '../wire/socket'
import type { Refusal } from './useDecision'

/** Calling back what was decided: `sent` until it is refused, and why it was, until that is dismissed. */
export function useUndo(interruptId: string) {
  const { socket } = useDesk()
  const keyFor = useCommandKeys()
  const [sent, setSent] = useState(false)
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const undo = async () => {
    setSent(true)
    setRefusal(null)
    try {
      await socket.send({ type: 'undo', id: keyFor(interruptId), interrupt_id: interruptId })
    } catch (error) {
      setSent(false)
      if (!(error instanceof CommandRefused)) throw error
      setRefusal({ code: error.code, message: error.message, details: error.details })
    }
  }
  return { undo, sent, refusal, dismiss: () => setRefusal(null) }
}
