import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ThreadSession } from '../session/session'
import { useCommandKeys } from '../shared/commands'
import { useDesk } from '../shared/desk'
import { useNotices } from '../shared/notices'
import { useProblemText } from '../shared/problems'
import { againOf } from './branching'

/** Has the latest script written in other words: a hint to the writer while it waits for a person, else a message. */
export function useAgain(session: ThreadSession, onSay: (content: string) => void) {
  const { t } = useTranslation()
  const { socket } = useDesk()
  const notices = useNotices()
  const problemText = useProblemText()
  const keyFor = useCommandKeys()
  const [busy, setBusy] = useState(false)
  const write = async (messageId: string) => {
    const again = againOf(session.state.getState().thread, messageId)
    const content = t('deskMore.againText')
    if (again?.by === 'message') onSay(content)
    if (again?.by !== 'hint') return
    const { id: interrupt_id, version } = again.interrupt
    const answer = {
      thread_id: session.threadId,
      interrupt_id,
      version,
      decision: 'respond',
      content,
    } as const
    setBusy(true)
    try {
      await socket.send({ type: 'interrupt_response', id: keyFor(answer), ...answer }, { once: true })
    } catch (error) {
      notices.error(problemText(error))
    } finally {
      setBusy(false)
    }
  }
  return { write, busy }
}
