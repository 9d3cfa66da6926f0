import { CheckCircleFilled, ExclamationCircleFilled, StopOutlined } from '@ant-design/icons'
import { Bubble } from '@ant-design/x'
import { memo, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useStore } from 'zustand'
import type { MessageView, Option, ScriptView } from '../generated/protocol'
import { ApprovalCard } from '../review/ApprovalCard'
import { MarkedText, worst } from '../review/MarkedText'
import { QualityCard } from '../review/QualityCard'
import type { TakenBack } from '../review/takenBack'
import type { ThreadSession } from '../session/session'
import { useSessionState } from '../session/useSession'
import { moment } from '../shared/format'
import { part } from '../shared/part'
import { useProblemText } from '../shared/problems'
import { markedPieces } from '../shared/text'
import { type Entry, tellsTakenBack } from './timeline'

const MessageTools = part(() => import('./MessageTools'))
const TakenBackLine = part(() => import('./TakenBackLine'))
const ResumeRun = part(() => import('./ResumeRun'))

interface Props {
  entry: Entry
  session: ThreadSession
  /** Only the newest question can still be answered. */
  answerable: boolean
  onAnswer: (option: Option) => void
  /** This run is the thread's last: if it failed it can go on. */
  last: boolean
  /** Of a rejection: whoever made it took it back. */
  back: TakenBack | undefined
}

/** One entry of the conversation. */
export const EntryRow = memo(function EntryRow({ entry, session, answerable, onAnswer, last, back }: Props) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  switch (entry.kind) {
    case 'message':
      if (tellsTakenBack(entry.message))
        return (
          <Suspense fallback={<p className="fact" />}>
            <TakenBackLine message={entry.message} />
          </Suspense>
        )
      return <Message message={entry.message} session={session} answerable={answerable} onAnswer={onAnswer} />
    case 'interrupt':
      return <ApprovalCard threadId={session.threadId} interrupt={entry.interrupt} back={back} />
    case 'script':
      return (
        <p className="fact" role="status">
          <CheckCircleFilled className="ok" />
          {t(finalized(entry.script), { title: entry.script.title, version: entry.script.version })}
        </p>
      )
    case 'end':
      return entry.run.status === 'failed' ? (
        <p className="fact fact-bad" role="status" data-testid="run-failed">
          <ExclamationCircleFilled />
          {t('desk.runFailed', {
            reason: problemText(entry.run.error ?? { code: 'internal_error' }),
            id: entry.run.id.slice(0, 8),
          })}
          {last && (
            <Suspense fallback={null}>
              <ResumeRun threadId={session.threadId} run={entry.run} />
            </Suspense>
          )}
        </p>
      ) : (
        <p className="fact" role="status">
          <StopOutlined />
          {t('desk.runCancelled')}
        </p>
      )
  }
})

function Message({
  message,
  session,
  answerable,
  onAnswer,
}: Omit<Props, 'entry' | 'last' | 'back'> & { message: MessageView }) {
  const { t, i18n } = useTranslation()
  const own = message.role === 'user'
  const name = own ? message.author?.name : t('desk.writer')
  const { quality, clarification } = message
  // Only what a host says is set as a script.
  const talk = message.agent === 'chat' || message.agent === 'show'
  const marked = quality && quality.findings.length > 0 && quality.content === message.content
  // It ended before there was a word of it: how the run ended is told below.
  if (!message.content && (message.status === 'failed' || message.status === 'cancelled')) return null
  return (
    <div
      data-testid={own ? 'message-user' : 'message-assistant'}
      data-status={message.status}
      data-id={message.id}
    >
      <Bubble
        placement={own ? 'end' : 'start'}
        className={own ? 'bubble bubble-own' : 'bubble'}
        content={message.id}
        header={
          <span className="muted">
            {name} {message.at && <time dateTime={message.at}>{moment(message.at, i18n.language)}</time>}
          </span>
        }
        contentRender={() =>
          message.status === 'writing' ? (
            <LiveText session={session} message={message} talk={talk} />
          ) : marked ? (
            <MarkedText text={message.content} findings={quality.findings} version={quality.rules_version} />
          ) : (
            <div className={own || clarification || talk ? 'plain-text' : 'script-text'}>
              {message.agent === 'show' ? <WithShow text={message.content} /> : message.content}
            </div>
          )
        }
      />
      {message.status !== 'writing' && message.content && !clarification && (
        <div className={own ? 'message-tools message-tools-own' : 'message-tools'}>
          <Suspense fallback={null}>
            <MessageTools
              message={message}
              session={session}
              onSay={(content) => onAnswer({ label: content, value: content })}
            />
          </Suspense>
        </div>
      )}
      {message.status === 'failed' && <p className="fact fact-bad">{t('desk.partial')}</p>}
      {message.status === 'cancelled' && (
        <p className="fact" role="status">
          <StopOutlined />
          {t('desk.stopped')}
        </p>
      )}
      {clarification && (
        <fieldset className="options" aria-label={clarification.message} data-testid="clarification">
          {clarification.options.map((option) => (
            <button
              type="button"
              key={option.value}
              className="option"
              disabled={!answerable}
              onClick={() => onAnswer(option)}
            >
              {option.label}
            </button>
          ))}
        </fieldset>
      )}
      {/* Without checks it is what was found so far, in a text under way. */}
      {quality && quality.checks.length > 0 && <QualityCard quality={quality} retrying={!quality.final} />}
    </div>
  )
}

/** Where a show that was begun is found, as something one can go to. */
function WithShow({ text }: { text: string }) {
  const { t } = useTranslation()
  const [before = '', address, after = ''] = text.split(/(\/rundown\/[0-9a-f-]{36})/)
  return (
    <>
      {before}
      {address && (
        <Link className="text-link" to={address}>
          {t('nav.rundown')}
        </Link>
      )}
      {after}
    </>
  )
}

/** The text under way: the only thing that is drawn again as tokens come. */
function LiveText({
  session,
  message,
  talk,
}: {
  session: ThreadSession
  message: MessageView
  talk: boolean
}) {
  const { t } = useTranslation()
  const { id: messageId, quality } = message
  const text = useStore(session.live, (texts) => texts[messageId]?.text ?? '')
  const whole = useSessionState(session, (state) => state.whole)
  // What was checked of it; after a new attempt that is another text's beginning.
  const checked = quality && text.startsWith(quality.content) ? quality : undefined
  const sentences = text.slice(
    0,
    Math.max(...['。', '！', '？', '\n'].map((end) => text.lastIndexOf(end))) + 1,
  )
  return (
    <div className={talk ? 'plain-text' : 'script-text'} data-testid="live-text">
      {checked &&
        markedPieces(checked.content, checked.findings).map(({ start, text: piece, findings }) =>
          findings.length === 0 ? (
            piece
          ) : (
            <mark key={start} className={`mark mark-${worst(findings)}`} title={findings[0]?.message}>
              {piece}
            </mark>
          ),
        )}
      {checked
        ? text.slice(checked.content.length)
        : text || <span className="muted">{t(whole ? 'deskMore.whole' : 'desk.thinking')}</span>}
      <span className="caret" aria-hidden="true" />
      <span className="visually-hidden" aria-live="polite">
        {sentences.slice(-60)}
      </span>
    </div>
  )
}

/** On the teleprompter, in a show's rundown (a room, and nothing shown there), or in the library alone. */
function finalized({ room_id, prompter_version }: ScriptView) {
  if (prompter_version !== null) return 'desk.finalizedOnAir'
  return room_id ? 'desk.finalizedForShow' : 'desk.finalized'
}
