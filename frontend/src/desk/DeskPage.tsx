import '../i18n/addWork'
import { Alert, Button } from 'antd'
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import type { Option, RunView } from '../generated/protocol'
import { useSession, useSessionState } from '../session/useSession'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { NoticesProvider, useNotices } from '../shared/notices'
import { usePageActions } from '../shared/pageActions'
import { part } from '../shared/part'
import { useProblemText } from '../shared/problems'
import { told } from '../shared/rest'
import { keepDraft, useDraft } from '../shared/storage'
import { uuid7 } from '../wire/ids'
import { Chat } from './Chat'
import { Composer } from './Composer'
import type { Command } from './pickers'
import { RunSteps } from './RunSteps'
import { ThreadList } from './ThreadList'
import { activeRun, multitaskNow, refusalNow, tellsTakenBack, unsent, waitsForSomebody } from './timeline'
import { useCommands } from './useCommands'
import { type Multitask, type Slots, useSend } from './useSend'

const RoomPanel = part(() => import('./RoomPanel').then(({ RoomPanel: panel }) => ({ default: panel })))
const InMind = part(() => import('./InMind'))
const TourOffer = part(() => import('../tour/TourOffer'))

const NOTICE_MS = 4000
/** A run that waits or has ended: what it noted is kept by now, and not when its answer begins. */
const hasRested = ({ status }: RunView) => !['enqueued', 'queued', 'running'].includes(status)

/** Before the first message there is nothing to do with the thread. */
const none: readonly Command[] = []

export default function DeskPage() {
  const { thread } = useParams()
  const { t } = useTranslation()
  const opened = useRef<string>(undefined)
  useEffect(() => {
    // A thread says its own.
    if (!thread) document.title = `${t('nav.console')} · Cuedesk`
  }, [t, thread])
  return (
    <NoticesProvider>
      <div className={thread ? 'desk desk-chosen' : 'desk'}>
        <ThreadList activeId={thread} />
        {thread ? (
          <ThreadDesk key={thread} threadId={thread} writing={thread === opened.current} />
        ) : (
          <NewThread
            onOpened={(id) => {
              opened.current = id
            }}
          />
        )}
      </div>
    </NoticesProvider>
  )
}

/** The empty desk: the first message opens a thread. */
function NewThread({ onOpened }: { onOpened: (id: string) => void }) {
  const { t } = useTranslation()
  const { may } = useDesk()
  const navigate = useNavigate()
  const [draft, setDraft] = useDraft('draft:new')
  const [slots, setSlots] = useState<Slots>({})
  const { send, sending, refusal, dismiss } = useSend(slots)
  const [opening, setOpening] = useState(false)
  const [failure, setFailure] = useState<{ code: string; message: string; content: string } | null>(null)
  const key = useRef(uuid7())
  const opened = useRef<string>(undefined)
  const typed = useRef(draft)
  typed.current = draft

  const start = async (content: string) => {
    setDraft(content)
    setOpening(true)
    setFailure(null)
    try {
      if (!opened.current) {
        const { room_id, product_id, host_id } = slots
        const body = {
          ...(room_id && { room_id }),
          ...(product_id && { product_id }),
          ...(host_id && { host_id }),
        }
        opened.current = (await api.createThread(body, key.current)).id
      }
      const taken = await send(opened.current, content)
      if (!taken) return
      // What was typed on goes along.
      keepDraft(`draft:${opened.current}`, unsent(typed.current, content))
      setDraft('')
      onOpened(opened.current)
      navigate(`/console/${opened.current}`)
    } catch (error) {
      setFailure({ ...told(error), content })
    } finally {
      setOpening(false)
    }
  }
  const examples = [t('desk.example1'), t('desk.example2'), t('desk.example3')]
  return (
    <main className="conversation conversation-new">
      <div className="welcome">
        <h2>{t('desk.welcome')}</h2>
        <p className="muted">{t('desk.welcomeHint')}</p>
        <Suspense fallback={null}>
          <TourOffer />
        </Suspense>
        <div className="options">
          {examples.map((example) => (
            <button
              type="button"
              key={example}
              className="option"
              disabled={!may('thread.write')}
              onClick={() => setDraft(example)}
            >
              {example}
            </button>
          ))}
        </div>
      </div>
      <Composer
        value={draft}
        onChange={setDraft}
        onSend={(content) => void start(content)}
        onStop={undefined}
        onWithdraw={undefined}
        sending={sending || opening}
        refusal={refusal ?? failure}
        onDismiss={() => {
          dismiss()
          setFailure(null)
        }}
        slots={slots}
        onSlots={setSlots}
        lastSaid={undefined}
        commands={none}
      />
    </main>
  )
}

function ThreadDesk({ threadId, writing }: { threadId: string; writing: boolean }) {
  const { t } = useTranslation()
  const { socket, me, may } = useDesk()
  const notices = useNotices()
  const problemText = useProblemText()
  const session = useSession(threadId)
  const thread = useSessionState(session, (state) => state.thread)
  const phase = useSessionState(session, (state) => state.phase)
  const problem = useSessionState(session, (state) => state.problem)
  const caughtUp = useSessionState(session, (state) => state.caughtUp)
  const [draft, setDraft] = useDraft(`draft:${threadId}`)
  const typed = useRef(draft)
  typed.current = draft
  const [chosen, setChosen] = useState<Slots>({})
  const slots = useMemo<Slots>(() => ({ ...chosen }), [chosen])
  const { send, sending, refusal, dismiss } = useSend(slots)
  const stopping = useRef(uuid7())

  useEffect(() => {
    if (caughtUp) notices.info(t('connection.caughtUp', { count: caughtUp.count }), NOTICE_MS / 1000)
  }, [caughtUp, notices, t])
  useEffect(() => {
    document.title = `${thread.title || t('nav.console')} · Cuedesk`
  }, [t, thread.title])

  const run = activeRun(thread)
  const say = async (content: string, multitask: Multitask = multitaskNow(thread)) => {
    if (!(await send(threadId, content, multitask))) return false
    setChosen({})
    return true
  }
  /** Says what stands in the field. Only what was taken goes; what was typed meanwhile stays. */
  const sayTyped = async (content: string, multitask?: Multitask) => {
    if (await say(content, multitask)) setDraft(unsent(typed.current, content))
  }
  const saying = useRef(say)
  saying.current = say
  const answer = useCallback((option: Option) => void saying.current(option.value), [])
  const stop = async () => {
    try {
      await socket.send({
        type: 'cancel',
        id: stopping.current,
        thread_id: threadId,
        run_id: run?.id ?? null,
      })
    } catch (error) {
      notices.error(problemText(error))
    } finally {
      stopping.current = uuid7()
    }
  }
  const writes = may('thread.write')
  // What waits for a person's decision is written already: a key may not take it away.
  const waits = waitsForSomebody(thread)
  const stoppable = run && !waits && writes ? () => void stop() : undefined
  const commands = useCommands(session, { say: (content) => void say(content), stop: stoppable })
  usePageActions(() =>
    commands.flatMap(({ name, run: act }) =>
      act && name !== 'new' ? [{ id: name, label: t(`command.${name}`), run: act }] : [],
    ),
  )
  const lastSaid = thread.messages.findLast(
    (m) => m.role === 'user' && m.author?.id === me.user.id && !tellsTakenBack(m),
  )?.content
  if (phase === 'failed') {
    return (
      <main className="conversation">
        <Link to="/console" className="to-queue">
          {t('desk.threads')}
        </Link>
        <Alert
          type="error"
          showIcon
          title={problemText(problem ?? { code: 'internal_error' })}
          action={
            // What does not exist is not there the next time either.
            problem?.retryable && <Button onClick={() => void session.open()}>{t('common.retry')}</Button>
          }
        />
      </main>
    )
  }
  return (
    <>
      <main className="conversation" aria-busy={phase === 'loading'}>
        <Link to="/console" className="to-queue">
          {t('desk.threads')}
        </Link>
        <Chat session={session} onAnswer={answer} />
        <Composer
          value={draft}
          onChange={setDraft}
          onSend={(content, multitask) => void sayTyped(content, multitask)}
          onStop={stoppable}
          onWithdraw={waits && writes ? () => void stop() : undefined}
          sending={sending}
          refusal={refusalNow(refusal, thread)}
          onDismiss={dismiss}
          slots={slots}
          onSlots={setChosen}
          lastSaid={lastSaid}
          commands={commands}
          writing={writing}
        />
      </main>
      <aside className="side" aria-label={t('desk.side')}>
        <section aria-label={t('desk.steps')} data-testid="run-steps">
          <h2>{t('desk.steps')}</h2>
          <RunSteps run={thread.runs.at(-1)} />
        </section>
        <Suspense fallback={null}>
          <InMind threadId={threadId} said={thread.messages.length + thread.runs.filter(hasRested).length} />
        </Suspense>
        {thread.room_id ? (
          <Suspense fallback={null}>
            <RoomPanel roomId={thread.room_id} />
          </Suspense>
        ) : (
          <section>
            <h2>{t('room.title')}</h2>
            <p className="muted">{t('room.none')}</p>
          </section>
        )}
      </aside>
    </>
  )
}
