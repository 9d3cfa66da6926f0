import { useState } from 'react'
import { useCommandKeys } from '../shared/commands'
import { useDesk, useSocketStatus } from '../shared/desk'
import { CommandRefused } from '../wire/socket'
import type { Refusal } from './useDecision'

/**
 * Calling back what was decided: `sent` while the answer is awaited, `done` since the server took it, and why it was
 * refused, until that is dismissed. Now or not at all, but for what is `onItsWay` to a screen: that is called back as
 * soon as there is a line again, for it may still not be there.
 */
export function useUndo(interruptId: string, { onItsWay = false } = {}) {
  const { socket } = useDesk()
  const { state } = useSocketStatus()
  const online = onItsWay || state === 'open'
  const keyFor = useCommandKeys()
  const [phase, setPhase] = useState<'idle' | 'sent' | 'done'>('idle')
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const undo = async () => {
    if (!online || phase !== 'idle') return
    setPhase('sent')
    setRefusal(null)
    try {
      const command = { type: 'undo', id: keyFor(interruptId), interrupt_id: interruptId } as const
      await socket.send(command, { once: !onItsWay })
      setPhase('done')
    } catch (error) {
      setPhase('idle')
      if (!(error instanceof CommandRefused)) throw error
      setRefusal({ code: error.code, message: error.message, details: error.details })
    }
  }
  return {
    undo: () => void undo(),
    online,
    sent: phase === 'sent',
    done: phase === 'done',
    refusal,
    dismiss: () => setRefusal(null),
  }
}
