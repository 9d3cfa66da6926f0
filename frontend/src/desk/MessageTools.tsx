import '../i18n/addDeskMore'
import { BranchesOutlined, CopyOutlined, RedoOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Button } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { MessageView } from '../generated/protocol'
import type { ThreadSession } from '../session/session'
import { useSessionState } from '../session/useSession'
import { copyText } from '../shared/clipboard'
import { useDesk } from '../shared/desk'
import { useNotices } from '../shared/notices'
import { useProblemText } from '../shared/problems'
import { told } from '../shared/rest'
import { keepDraft, keptDraft } from '../shared/storage'
import { uuid7 } from '../wire/ids'
import { deskApi } from './api'
import { againOf, branchPoint } from './branching'
import { useAgain } from './useAgain'

interface Props {
  message: MessageView
  session: ThreadSession
  /** Say something in this thread. */
  onSay: (content: string) => void
}

/** What can be done with one message: copy it, have it in other words, begin a new thread at it. */
export default function MessageTools({ message, session, onSay }: Props) {
  const { t } = useTranslation()
  const { may } = useDesk()
  const notices = useNotices()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const problemText = useProblemText()
  const [branching, setBranching] = useState(false)
  const key = useRef(uuid7())
  const { threadId } = session
  const again = useAgain(session, onSay)
  const canAgain = useSessionState(session, ({ thread }) => againOf(thread, message.id)?.by)
  const canBranch = useSessionState(session, ({ thread }) => branchPoint(thread, message) !== undefined)

  const copy = async () => {
    if (await copyText(message.content)) notices.success(t('deskMore.copied'))
    else notices.error(t('deskMore.notCopied'))
  }
  const branch = async () => {
    const point = branchPoint(session.state.getState().thread, message)
    if (!point) return
    if (point.after === null) {
      const kept = keptDraft('draft:new')
      keepDraft('draft:new', kept && kept !== point.draft ? `${kept}\n${point.draft}` : point.draft)
      navigate('/console')
      return
    }
    setBranching(true)
    try {
      const version = (await deskApi.versions(threadId, point.after)).find(({ intact }) => intact)
      if (!version) {
        notices.error(t('deskMore.noVersion'))
        return
      }
      const made = await deskApi.fork(threadId, version.version, key.current)
      if (point.draft) keepDraft(`draft:${made.thread_id}`, point.draft)
      void cache.invalidateQueries({ queryKey: ['threads'] })
      notices.success(t('deskMore.branched'))
      navigate(`/console/${made.thread_id}`)
      key.current = uuid7()
    } catch (error) {
      // What was refused is another attempt when it is asked for again; what got no answer is the same one.
      if (told(error).code !== 'unreachable') key.current = uuid7()
      notices.error(problemText(error))
    } finally {
      setBranching(false)
    }
  }
  const tool = (name: string, label: string, icon: React.ReactNode, act: () => void, busy = false) => (
    <Button
      type="text"
      size="small"
      icon={icon}
      loading={busy}
      aria-label={label}
      title={label}
      onClick={act}
      data-testid={name}
    />
  )
  return (
    <>
      {tool('copy', t('deskMore.copy'), <CopyOutlined />, () => void copy())}
      {canAgain && may(canAgain === 'hint' ? 'interrupt.decide' : 'thread.write') && (
        <Button
          type="text"
          size="small"
          icon={<RedoOutlined />}
          disabled={again.busy}
          onClick={() => void again.write(message.id)}
          data-testid="again"
        >
          {t('deskMore.again')}
        </Button>
      )}
      {canBranch &&
        may('thread.write') &&
        tool(
          'branch',
          t(message.role === 'user' ? 'deskMore.branchUser' : 'deskMore.branch'),
          <BranchesOutlined />,
          () => void branch(),
          branching,
        )}
    </>
  )
}
