import '../i18n/addWork'
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Input, Tooltip } from 'antd'
import { lazy, type ReactNode, Suspense, useDeferredValue, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Finding, InterruptView } from '../generated/protocol'
import { Assumed } from '../shared/Assumed'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { moment } from '../shared/format'
import { isPageKey } from '../shared/keys'
import { usePageActions } from '../shared/pageActions'
import { part } from '../shared/part'
import { keepDraft, useDraft } from '../shared/storage'
import { carryFindings, withSuggestion } from '../shared/text'
import { useKeydown } from '../shared/useKeydown'
import { Countdown } from './Countdown'
import { Diff } from './Diff'
import { byGravity, FindingText, MarkedText } from './MarkedText'
import { checkContext, scriptParams } from './params'
import { RefusalNotice } from './RefusalNotice'
import { reasons } from './reasons'
import type { EditorHandle } from './ScriptEditor'
import { StatusTag } from './StatusTag'
import type { TakenBack } from './takenBack'
import { type Choice, useDecision } from './useDecision'

// Fetched with the first text that can be decided: a line that is cut later takes nobody's editor or reasons away.
const editor = () => import('./ScriptEditor')
const ScriptEditor = lazy(() => editor().then(({ ScriptEditor: field }) => ({ default: field })))
// What is rarely there comes when it is.
const HoldCard = part(() => import('./HoldCard').then(({ HoldCard: card }) => ({ default: card })))
const HeldAgainNotice = part(() =>
  import('./HeldAgainNotice').then(({ HeldAgainNotice: notice }) => ({ default: notice })),
)
const rejecting = () => import('./RejectPanel')
const RejectPanel = lazy(rejecting)
const RestoredDraft = part(() => import('../shared/RestoredDraft'))
const ReasonText = part(() => import('./ReasonText'))
const Expired = part(() => import('./Expired'))
const AgainOf = part(() => import('./AgainOf'))
const Rejected = part(() => import('./Rejected'))

type Mode = 'view' | 'edit' | 'reject' | 'override'

interface Props {
  threadId: string
  interrupt: InterruptView
  /** On the approval page, which tells who reviews it: listen to its single-letter keys. */
  hotkeys?: boolean
  /** Whoever rejected it took that back. */
  back?: TakenBack | undefined
  /** Why nothing may be decided here although it waits: a colleague is at it. */
  locked?: string | undefined
  /** Somebody is changing or rejecting it. Called at each change. */
  onEngage?: (() => void) | undefined
  /** What stands beside it. It tells the findings, which the card then leaves to it. */
  aside?: ((tools: ReviewTools) => ReactNode) | undefined
}

/** What can be done to a text under review from beside it. */
export interface ReviewTools {
  readonly editing: boolean
  /** Put a finding's suggestion into the text; `undefined` when nothing may be changed. */
  readonly apply: ((finding: Finding) => void) | undefined
  /** Whether a finding still stands in the text as it is changed here. */
  readonly stands: (finding: Finding) => boolean
}

/** What waits: a script for a person, or an approved one for its moment on screen. */
export function ApprovalCard(props: Props) {
  return props.interrupt.on_air_at ? (
    <Suspense fallback={null}>
      <HoldCard interrupt={props.interrupt} until={props.interrupt.on_air_at} />
    </Suspense>
  ) : (
    <ReviewCard {...props} />
  )
}

/** A script that waits for a person: read it with its findings, approve, edit or reject it, or see who did. */
function ReviewCard({ threadId, interrupt, hotkeys = false, back, locked, onEngage, aside }: Props) {
  const { t, i18n } = useTranslation()
  const { may } = useDesk()
  const script = scriptParams(interrupt.params)
  const decision = useDecision(threadId, interrupt)
  const [edited, setEdited] = useDraft(`edit:${interrupt.id}`)
  const [reason, setReason] = useDraft(`reason:${interrupt.id}`)
  const [mode, setMode] = useState<Mode>(() => (edited ? 'edit' : reason ? 'reject' : 'view'))
  const [restored, setRestored] = useState(mode !== 'view')
  const [showDiff, setShowDiff] = useState(true)
  const preview = useDeferredValue(edited)
  const card = useRef<HTMLElement>(null)
  const field = useRef<EditorHandle>(null)
  /** The text before the suggestion that opened the editor. */
  const [before, setBefore] = useState<string>()

  // The notice above tells of those itself.
  const others = script.findings.filter(
    ({ rule, excerpt }) =>
      !script.held?.findings.some((told) => told.rule === rule && told.excerpt === excerpt),
  )
  const pending = interrupt.status === 'pending'
  const decides = may('interrupt.decide')
  const rooms = useQuery({
    queryKey: ['rooms'],
    queryFn: api.rooms,
    enabled: pending && decides && script.roomId !== undefined,
    staleTime: 0,
  })
  const byHand = rooms.data?.find(({ id }) => id === script.roomId)?.by_hand
  /** An edit that was left and not submitted: what is approved must not be another text than the one in mind. */
  const unsent = pending && mode !== 'edit' && edited !== '' && edited !== script.content
  const blocked = !interrupt.allowed.includes('approve')
  const busy = decision.phase !== 'idle'
  const why = !decides ? t('review.mayNot') : !decision.online ? t('review.offline') : locked
  const ready = pending && !why && !busy
  // A key says at once that nothing can be decided; the refusal goes when the line is back.
  const cut = pending && decides && !decision.online && !locked && !busy

  useEffect(() => {
    if (!pending) return
    // That one could not be had is told where it is wanted.
    for (const part of [editor, rejecting]) part().catch(() => undefined)
  }, [pending])
  useEffect(() => {
    // Once it is decided as typed here, the drafts have served; another's decision leaves them to be compared, and so does
    // one of one's own that made no use of the edit.
    if (decision.phase !== 'sent' || pending) return
    if (interrupt.status === 'edit') keepDraft(`edit:${interrupt.id}`, '')
    keepDraft(`reason:${interrupt.id}`, '')
    keepDraft(`reject:${interrupt.id}`, '')
  }, [decision.phase, pending, interrupt.id, interrupt.status])

  const where = script.show
    ? t('review.toShow', { show: script.show })
    : script.roomName
      ? t('review.toRoom', { room: script.roomName })
      : t('review.noRoom')
  const approval = script.show
    ? 'review.approveForShow'
    : script.roomId
      ? byHand
        ? 'review.approveToRoom'
        : 'review.approveOnAir'
      : 'review.approve'

  const startEdit = () => {
    setBefore(undefined)
    if (!edited) setEdited(script.content)
    setMode('edit')
    onEngage?.()
  }
  /** Where a finding of the draft stands in the text as it is changed here, if nobody changed that place. */
  const carried = (finding: Finding) => carryFindings(script.content, edited || script.content, [finding])[0]
  const apply = (finding: Finding) => {
    const here = carried(finding)
    if (!here) return
    const text = edited || script.content
    const changed = withSuggestion(text, here)
    if (field.current) return field.current.put(changed)
    setBefore(text)
    setEdited(changed)
    setMode('edit')
    onEngage?.()
  }
  const startReject = () => {
    setMode('reject')
    onEngage?.()
  }
  const decide = (choice: Choice) => void decision.decide(choice)
  const submitEdit = () => {
    if ((ready || cut) && edited.trim()) decide({ decision: 'edit', content: edited })
  }
  /** Give up what was typed before the page was opened. */
  const discard = () => {
    setEdited('')
    setReason('')
    keepDraft(`reject:${interrupt.id}`, '')
    setRestored(false)
    setMode('view')
  }
  const leave = () => {
    if (mode === 'edit' && edited === script.content) setEdited('')
    setMode('view')
  }

  useKeydown((event) => {
    // Whoever has gone on means the next one, which may not be drawn yet: nothing is decided unseen.
    if (event.isComposing || event.altKey || !location.pathname.includes(interrupt.id)) return
    // Caps Lock is no Shift.
    const key = event.shiftKey ? '' : event.key.toLowerCase()
    if (mode === 'edit' && event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submitEdit()
    else if (event.key === 'Escape' && card.current?.contains(document.activeElement)) leave()
    else if (!isPageKey(event) || event.repeat || !(ready || cut)) return
    else if (key === 'a' && !blocked && !unsent && mode === 'view') decide({ decision: 'approve' })
    else if (cut) return
    else if (key === 'e') startEdit()
    else if (key === 'x') startReject()
    else if (key === 'd' && mode === 'edit') setShowDiff(!showDiff)
    // The panel of reasons may still be on its way: it finds the one that was chosen.
    else if (mode === 'reject' && /^[1-9]$/.test(key) && !card.current?.querySelector('.reject-panel'))
      keepDraft(`reject:${interrupt.id}`, reasons[Number(key) - 1] ?? '')
    else return
    event.preventDefault()
  }, hotkeys)

  usePageActions(() =>
    hotkeys && ready
      ? [
          { id: 'edit', label: t('commandBar.edit'), keys: 'E', run: startEdit },
          { id: 'reject', label: t('commandBar.reject'), keys: 'X', run: startReject },
        ]
      : [],
  )
  const label = (text: string, key: string) => (
    <>
      {text}
      {hotkeys && <kbd>{key}</kbd>}
    </>
  )
  const content = interrupt.status === 'edit' && interrupt.content ? interrupt.content : script.content
  const shown = (
    <article
      ref={card}
      className={`card approval approval-${interrupt.status}`}
      aria-label={t('review.title')}
      data-testid="approval-card"
      data-interrupt={interrupt.id}
      data-status={interrupt.status}
    >
      <header className="card-head">
        <h2>{script.title || t('review.title')}</h2>
        <StatusTag status={interrupt.status} />
        {pending && <Countdown until={interrupt.expires_at} />}
        {pending && interrupt.escalated_at && (
          <span className="state state-urgent">{t('review.escalated')}</span>
        )}
        {pending && interrupt.claimed_by && !hotkeys && (
          <span className="muted">{t('review.claimedBy', { name: interrupt.claimed_by.name })}</span>
        )}
        {interrupt.by && interrupt.resolved_at && (
          <span className="muted">
            {t('review.decidedBy', {
              name: interrupt.by.name,
              time: moment(interrupt.resolved_at, i18n.language),
            })}
          </span>
        )}
      </header>
      <div className="card-meta muted">
        {script.productName && <span>{script.productName}</span>}
        <span>{where}</span>
        {script.spoken !== undefined && script.pace && content === script.content && mode !== 'edit' && (
          <>
            <span className="number">{t('review.characters', { count: script.spoken })}</span>
            <span className="number">
              {t('review.seconds', { seconds: Math.round((script.spoken * 60) / script.pace) })}
              {script.seconds !== undefined && t('review.secondsAsked', { seconds: script.seconds })}
            </span>
          </>
        )}
        {script.score !== undefined && content === script.content && mode !== 'edit' && (
          <span className="number">{t('quality.score', { score: script.score })}</span>
        )}
      </div>
      <Assumed list={script.assumed} />

      {(script.called || script.back || script.againOf) && (
        <Suspense fallback={null}>
          <AgainOf called={script.called} back={script.back} old={script.againOf} />
        </Suspense>
      )}
      {pending && script.held && (
        <Suspense fallback={null}>
          <HeldAgainNotice held={script.held} version={script.rulesVersion} />
        </Suspense>
      )}

      {pending && restored && mode !== 'view' && (
        <Suspense fallback={null}>
          <RestoredDraft onDiscard={discard} />
        </Suspense>
      )}
      {pending && mode === 'edit' ? (
        <div className="editor">
          <Suspense fallback={null}>
            <ScriptEditor
              ref={field}
              before={before}
              value={edited}
              onChange={(text) => {
                setEdited(text)
                onEngage?.()
              }}
              context={checkContext(script)}
              locked={locked !== undefined}
            />
          </Suspense>
          <div className="row">
            <Button size="small" type="text" onClick={() => setShowDiff(!showDiff)} aria-expanded={showDiff}>
              {label(t('review.diff'), 'D')}
            </Button>
          </div>
          {showDiff && <Diff before={script.content} after={preview} />}
        </div>
      ) : interrupt.status === 'edit' && interrupt.content ? (
        <Diff before={script.content} after={interrupt.content} />
      ) : (
        <MarkedText text={script.content} findings={script.findings} version={script.rulesVersion} />
      )}
      {(interrupt.feedback || interrupt.reason) && (
        <p className="row">
          {interrupt.reason && (
            <Suspense fallback={null}>
              <ReasonText reason={interrupt.reason} />
            </Suspense>
          )}
          {interrupt.feedback && <span>{t('review.reasonWas', { reason: interrupt.feedback })}</span>}
        </p>
      )}
      {pending && mode !== 'edit' && !aside && others.length > 0 && (
        <div className="findings">
          {byGravity(others).map((finding) => (
            <FindingText
              key={`${finding.rule}-${finding.span[0]}-${finding.span[1]}`}
              finding={finding}
              version={script.rulesVersion}
            />
          ))}
        </div>
      )}
      {!pending && edited && edited !== script.content && edited !== interrupt.content && (
        <Alert
          type="info"
          title={t('review.yourEdit')}
          description={
            <>
              <Diff before={content} after={edited} />
              <Button size="small" onClick={() => setEdited('')}>
                {t('review.discardEdit')}
              </Button>
            </>
          }
        />
      )}
      {interrupt.status === 'reject' && (back || interrupt.undo_until) && (
        <Suspense fallback={null}>
          <Rejected interrupt={interrupt} until={interrupt.undo_until ?? ''} back={back} onPage={hotkeys} />
        </Suspense>
      )}
      {interrupt.status === 'expired' && (
        <Suspense fallback={null}>
          <Expired
            threadId={threadId}
            interrupt={interrupt}
            edited={edited.trim() && edited !== script.content ? edited : undefined}
            onTaken={() => setEdited('')}
          />
        </Suspense>
      )}
      {pending && mode === 'override' && (
        <Input.TextArea
          aria-label={t('review.overrideReason')}
          placeholder={t('review.overrideHint')}
          value={reason}
          readOnly={locked !== undefined}
          onChange={(event) => {
            setReason(event.target.value)
            onEngage?.()
          }}
          autoSize={{ minRows: 2, maxRows: 6 }}
          maxLength={500}
          autoFocus
          data-testid="approval-reason"
        />
      )}
      {unsent && mode !== 'reject' && (
        <Alert
          type="warning"
          showIcon
          title={t('review.unsentEdit')}
          data-testid="unsent-edit"
          action={
            <span className="row">
              <Button size="small" disabled={!ready} onClick={startEdit}>
                {t('review.goOnEdit')}
              </Button>
              <Button size="small" onClick={() => setEdited('')}>
                {t('review.discardEdit')}
              </Button>
            </span>
          }
        />
      )}
      {decision.refusal && <RefusalNotice refusal={decision.refusal} onClose={decision.dismiss} />}
      {pending && blocked && mode === 'view' && <Alert type="warning" showIcon title={t('review.blocked')} />}

      {pending && mode === 'reject' && (
        <Suspense fallback={null}>
          <RejectPanel
            interruptId={interrupt.id}
            before={script.back?.of}
            locked={locked !== undefined}
            words={reason}
            onWords={(words) => {
              setReason(words)
              onEngage?.()
            }}
            ready={ready}
            why={why}
            busy={busy}
            hotkeys={hotkeys}
            onDecide={decide}
            onLeave={leave}
          />
        </Suspense>
      )}
      {pending && mode !== 'reject' && (
        <footer className="card-actions">
          {mode === 'view' && (
            <>
              <Tooltip
                title={why ?? (blocked ? t('review.blocked') : unsent ? t('review.unsentEdit') : undefined)}
              >
                <Button
                  type="primary"
                  disabled={!ready || blocked || unsent}
                  loading={busy}
                  onClick={() => decide({ decision: 'approve' })}
                  data-testid="approve"
                >
                  {label(t(approval), 'A')}
                </Button>
              </Tooltip>
              <Tooltip title={why}>
                <Button disabled={!ready} onClick={startEdit} data-testid="edit">
                  {label(t('review.edit'), 'E')}
                </Button>
              </Tooltip>
              <Tooltip title={why}>
                <Button danger disabled={!ready} onClick={startReject} data-testid="reject">
                  {label(t('review.reject'), 'X')}
                </Button>
              </Tooltip>
              {blocked && may('interrupt.override') && (
                <Button type="text" disabled={!ready} onClick={() => setMode('override')}>
                  {t('review.override')}
                </Button>
              )}
            </>
          )}
          {mode === 'edit' && (
            <>
              <Tooltip title={why}>
                <Button
                  type="primary"
                  disabled={!ready || !edited.trim()}
                  loading={busy}
                  onClick={submitEdit}
                  data-testid="submit-edit"
                >
                  {label(t('review.submitEdit'), 'Ctrl Enter')}
                </Button>
              </Tooltip>
              <Button onClick={leave}>{label(t('review.back'), 'Esc')}</Button>
              <Button
                type="text"
                disabled={edited === script.content || locked !== undefined}
                onClick={() => field.current?.put(script.content)}
              >
                {t('review.restore')}
              </Button>
            </>
          )}
          {mode === 'override' && (
            <>
              <Button
                danger
                type="primary"
                disabled={!ready || unsent || !reason.trim()}
                loading={busy}
                onClick={() => decide({ decision: 'approve', override_reason: reason })}
              >
                {t('review.overrideSubmit')}
              </Button>
              <Button onClick={leave}>{t('review.back')}</Button>
            </>
          )}
          {why && <span className="muted">{why}</span>}
        </footer>
      )}
      {pending && decision.phase === 'sent' && <p className="muted">{t('review.waiting')}</p>}
      {pending && decision.phase === 'unknown' && (
        <p className="fact-bad" role="status" data-testid="decision-unknown">
          {t('review.unknown')}
        </p>
      )}
    </article>
  )
  if (!aside) return shown
  return (
    <>
      {shown}
      {aside({
        editing: pending && mode === 'edit',
        apply: ready && mode !== 'reject' ? apply : undefined,
        stands: (finding) => !edited || carried(finding) !== undefined,
      })}
    </>
  )
}
