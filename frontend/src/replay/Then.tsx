import { CheckCircleFilled, ExclamationCircleFilled, StopOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import TakenBackLine from '../desk/TakenBackLine'
import { type Entry, isCutShort, tellsTakenBack, timeline } from '../desk/timeline'
import type { InterruptView, MessageView, ThreadSnapshot } from '../generated/protocol'
import { Diff } from '../review/Diff'
import { MarkedText } from '../review/MarkedText'
import { scriptParams } from '../review/params'
import ReasonText from '../review/ReasonText'
import { StatusTag } from '../review/StatusTag'
import { useProblemText } from '../shared/problems'
import { type Draft, draftsOf } from './folding'
import type { Moment } from './moments'
import type { Words } from './words'

/** The conversation as it stood at a moment, to be read only; what the moment is about is marked and in view. */
export function Conversation({
  thread,
  moment,
  words,
}: {
  thread: ThreadSnapshot
  moment: Moment
  words: Words
}) {
  const { t } = useTranslation()
  const entries = timeline(thread)
  const about = entries.findLast((entry) => isAbout(entry, moment))?.key
  const box = useRef<HTMLOListElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another moment, another place to look at.
  useEffect(() => {
    const list = box.current
    const row = list?.querySelector<HTMLElement>('[aria-current]') ?? list?.lastElementChild
    // Not the page: who looks at the state beside it keeps the place there.
    if (list && row instanceof HTMLElement) list.scrollTop = row.offsetTop - list.offsetTop - 48
  }, [moment.key])
  if (entries.length === 0) return <p className="muted">{t('replay.noConversation')}</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach it.
    <ol className="then" ref={box} tabIndex={0} aria-label={t('replay.conversation')} data-testid="then">
      {entries.map((entry) => (
        <li
          key={entry.key}
          className={`then-entry then-${entry.kind}`}
          aria-current={entry.key === about ? 'true' : undefined}
        >
          <EntryThen entry={entry} words={words} />
        </li>
      ))}
    </ol>
  )
}

function isAbout(entry: Entry, moment: Moment): boolean {
  if (moment.source !== 'event') return false
  const { event } = moment
  if ('message_id' in event) return entry.kind === 'message' && entry.message.id === event.message_id
  if ('interrupt_id' in event) return entry.kind === 'interrupt' && entry.interrupt.id === event.interrupt_id
  if (event.type === 'script_finalized') return entry.kind === 'script' && entry.seq === event.seq
  if (event.type !== 'run') return false
  if (entry.kind === 'message') return isCutShort(entry) && entry.message.run_id === event.run_id
  return entry.kind === 'end' && entry.run.id === event.run_id
}

function EntryThen({ entry, words }: { entry: Entry; words: Words }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  switch (entry.kind) {
    case 'message':
      if (tellsTakenBack(entry.message)) return <TakenBackLine message={entry.message} />
      return <MessageThen message={entry.message} words={words} />
    case 'interrupt':
      return <InterruptThen interrupt={entry.interrupt} words={words} />
    case 'script': {
      const { title, version } = entry.script
      return (
        <p className="fact">
          <CheckCircleFilled className="ok" />
          {t('moment.finalized', { title, version })}
        </p>
      )
    }
    case 'end':
      return entry.run.status === 'failed' ? (
        <p className="fact fact-bad">
          <ExclamationCircleFilled />
          {t('moment.runFailed', { reason: problemText(entry.run.error ?? { code: 'internal_error' }) })}
        </p>
      ) : (
        <p className="fact">
          <StopOutlined />
          {t('desk.runCancelled')}
        </p>
      )
  }
}

function MessageThen({ message, words }: { message: MessageView; words: Words }) {
  const { t } = useTranslation()
  const { role, author, at, content, status, quality, clarification } = message
  const marked = quality && quality.content === content && quality.findings.length > 0
  return (
    <>
      <p className="muted">
        {role === 'user' ? (author?.name ?? t('moment.somebody')) : t('desk.writer')}{' '}
        <span className="number">{at && words.time(at)}</span>
      </p>
      {status === 'writing' && !content ? (
        <p className="muted">{t('replay.writing')}</p>
      ) : marked ? (
        <MarkedText text={content} findings={quality.findings} version={quality.rules_version} />
      ) : (
        <div className="plain-text">{content}</div>
      )}
      {status === 'failed' && <p className="fact fact-bad">{t('desk.partial')}</p>}
      {status === 'cancelled' && (
        <p className="fact">
          <StopOutlined />
          {t('desk.stopped')}
        </p>
      )}
      {clarification && (
        <p className="muted">
          {t('replay.options', { options: clarification.options.map(({ label }) => label).join(' / ') })}
        </p>
      )}
      {quality && quality.checks.length > 0 && (
        <p className="muted number">
          {t('moment.quality', {
            score: quality.score,
            verdict: t(`verdict.${quality.verdict}`),
            count: quality.findings.length,
          })}
        </p>
      )}
    </>
  )
}

function InterruptThen({ interrupt, words }: { interrupt: InterruptView; words: Words }) {
  const { t } = useTranslation()
  const script = scriptParams(interrupt.params)
  const { status, by, resolved_at, feedback, reason, content, claimed_by, expires_at } = interrupt
  return (
    <>
      <p className="row">
        <strong>{script.title || t('review.title')}</strong>
        <StatusTag status={status} />
        <span className="muted number">
          {status === 'pending'
            ? t('replay.expires', { time: words.time(expires_at) })
            : [by?.name, resolved_at && words.time(resolved_at)].filter(Boolean).join(' · ')}
        </span>
        {status === 'pending' && claimed_by && (
          <span className="muted">{t('replay.claimedBy', { name: claimed_by.name })}</span>
        )}
      </p>
      {reason && (
        <p>
          <ReasonText reason={reason} />
        </p>
      )}
      {feedback && <p>{t('review.reasonWas', { reason: feedback })}</p>}
      {status === 'edit' && content && <Diff before={script.content} after={content} />}
    </>
  )
}

/** The script as it stood: the last text that was written, changed or made final by then. */
export function ScriptThen({ thread }: { thread: ThreadSnapshot }) {
  const { t } = useTranslation()
  const [compared, setCompared] = useState(false)
  const drafts = draftsOf(thread)
  const draft = drafts.at(-1)
  if (!draft) return <p className="muted">{t('replay.noScript')}</p>
  const before = drafts.findLast(({ text }) => text !== draft.text)
  const names: Record<Draft['by'], string> = {
    writer: t('replay.byWriter'),
    person: t('replay.byPerson'),
    final: t('replay.final'),
  }
  return (
    <>
      <p className="row">
        <span className={`state state-${draft.by === 'final' ? 'approve' : 'edit'}`}>{names[draft.by]}</span>
        <span className="muted number">
          {t('review.characters', { count: Array.from(draft.text).length })}
        </span>
        {before && (
          <Button size="small" aria-pressed={compared} onClick={() => setCompared(!compared)}>
            {t(compared ? 'replay.plain' : 'replay.compare')}
          </Button>
        )}
      </p>
      <div data-testid="script-then">
        {compared && before ? (
          <Diff before={before.text} after={draft.text} />
        ) : (
          <MarkedText
            text={draft.text}
            findings={draft.quality?.findings ?? []}
            version={draft.quality?.rules_version}
          />
        )}
      </div>
    </>
  )
}
