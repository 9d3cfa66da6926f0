import { useCallback, useState } from 'react'
import { useDesk } from '../shared/desk'
import { keepDraft, keptDraft } from '../shared/storage'
import { uuid7 } from '../wire/ids'
import { CommandRefused } from '../wire/socket'

export interface Slots {
  room_id?: string | null
  product_id?: string | null
  host_id?: string | null
  duration_seconds?: number | null
}

export type Multitask = 'reject' | 'interrupt' | 'enqueue'

export interface Refusal {
  code: string
  message: string
  content: string
  /** The run that stood in the way. */
  runId?: string | undefined
}

/**
 * The id of a message, kept with its text until the server took it: sent again after a reload or a broken line, the same
 * text is the same command. What was to become of the run at work belongs to it: by now there may be another run, perhaps
 * the message's own.
 */
function command(threadId: string, body: string, multitask: Multitask): { id: string; multitask: Multitask } {
  const key = `sending:${threadId}`
  const [id, known, asked] = keptDraft(key).split('\n', 3)
  if (id && known === body && asked) return { id, multitask: asked as Multitask }
  const fresh = uuid7()
  keepDraft(key, `${fresh}\n${body}\n${multitask}`)
  return { id: fresh, multitask }
}

/** Sends a message to a thread; resolves with true when the server took it. The caller keeps the text until then. */
export function useSend(slots: Slots) {
  const { socket } = useDesk()
  const [sending, setSending] = useState(false)
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const send = useCallback(
    async (threadId: string, content: string, multitask: Multitask = 'reject'): Promise<boolean> => {
      const body = JSON.stringify([content, slots])
      setSending(true)
      setRefusal(null)
      try {
        const kept = command(threadId, body, multitask)
        await socket.send({ type: 'message', ...kept, thread_id: threadId, content, ...slots })
        keepDraft(`sending:${threadId}`, '')
        return true
      } catch (error) {
        if (!(error instanceof CommandRefused)) throw error
        if (error.code !== 'disconnected') keepDraft(`sending:${threadId}`, '')
        const { code, message, details } = error
        setRefusal({ code, message, content, runId: details.run_id as string | undefined })
        return false
      } finally {
        setSending(false)
      }
    },
    [socket, slots],
  )
  return { send, sending, refusal, dismiss: useCallback(() => setRefusal(null), []) }
}
