import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { ThreadSession } from '../session/session'
import { useSessionState } from '../session/useSession'
import { useDesk } from '../shared/desk'
import { useNotices } from '../shared/notices'
import { useProblemText } from '../shared/problems'
import { againOf, latestScript } from './branching'
import type { Command } from './pickers'
import { useAgain } from './useAgain'

/** Scripts are Chinese, and so is what is asked of their writer. */
const words = { shorter: '再短一点', longer: '再长一点' }

/** What `/` can do in this thread now; what cannot be done is not offered. */
export function useCommands(
  session: ThreadSession,
  { say, stop }: { say: (content: string) => void; stop: (() => void) | undefined },
): readonly Command[] {
  const { t } = useTranslation()
  const { may } = useDesk()
  const navigate = useNavigate()
  const notices = useNotices()
  const problemText = useProblemText()
  const again = useAgain(session, say)
  const thread = useSessionState(session, (state) => state.thread)
  const latest = latestScript(thread)
  const anew = latest && againOf(thread, latest.id)
  const allowed = anew && may(anew.by === 'hint' ? 'interrupt.decide' : 'thread.write')

  const copy = async (content: string) => {
    const { copyText } = await import('../shared/clipboard')
    if (await copyText(content)) notices.success(t('deskMore.copied'))
    else notices.error(t('deskMore.notCopied'))
  }
  const save = () =>
    import('./exportThread')
      .then(({ exportThread }) => exportThread(session.threadId))
      .catch((error: unknown) => notices.error(problemText(error)))

  const { room_id } = thread
  return [
    { name: 'new', run: () => navigate('/console') },
    ...(stop ? [{ name: 'stop' as const, run: stop }] : []),
    ...(allowed ? [{ name: 'again' as const, run: () => void again.write(latest.id) }] : []),
    ...(latest
      ? [
          { name: 'shorter' as const, insert: words.shorter },
          { name: 'longer' as const, insert: words.longer },
          { name: 'copy' as const, run: () => void copy(latest.content) },
        ]
      : []),
    { name: 'export', run: () => void save() },
    ...(room_id
      ? [
          {
            name: 'prompter' as const,
            run: () => void window.open(`/prompter.html?room=${room_id}`, '_blank', 'noreferrer'),
          },
        ]
      : []),
  ]
}
