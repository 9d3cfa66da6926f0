import '../i18n/addWork'
import '../i18n/addReview'
import '../i18n/addMemory'
import '../i18n/addEvidence'
import './evidence.css'
import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Finding, InterruptView } from '../generated/protocol'
import { memoryApi } from '../memory/api'
import type { ReviewTools } from '../review/ApprovalCard'
import { byGravity, FindingText } from '../review/MarkedText'
import { scriptParams } from '../review/params'
import { isPageKey } from '../shared/keys'
import { usePageActions } from '../shared/pageActions'
import { useProblemText } from '../shared/problems'
import { recall, remember } from '../shared/storage'
import { useKeydown } from '../shared/useKeydown'
import { evidenceApi } from './api'
import { Memories } from './Memories'
import { atMark, showMark } from './marks'
import { Product } from './Product'
import { Quality } from './Quality'
import { Versions } from './Versions'

const KEY = 'cuedesk:evidence'
const WIDE = '(min-width: 1200px)'

interface Props {
  threadId: string
  interrupt: InterruptView
  tools: ReviewTools
}

/** What a script leans on, beside it: findings, the product's record, its length, what was remembered, its versions. */
export default function EvidencePanel({ threadId, interrupt, tools }: Props) {
  const { t } = useTranslation()
  const script = scriptParams(interrupt.params)
  const [open, setOpen] = useState(() => window.matchMedia(WIDE).matches && recall(KEY) !== 'folded')
  useEffect(() => {
    // Collapses when the window becomes too narrow for it, and comes back with the room.
    const wide = window.matchMedia(WIDE)
    const listen = () => setOpen(wide.matches && recall(KEY) !== 'folded')
    wide.addEventListener('change', listen)
    return () => wide.removeEventListener('change', listen)
  }, [])
  const fold = () => {
    // How it is on a wide page is somebody's wish; on a narrow one it is for the moment.
    if (window.matchMedia(WIDE).matches) remember(KEY, open ? 'folded' : '')
    setOpen(!open)
  }
  const findings = byGravity(script.findings)
  const { apply, editing, stands } = tools
  const applicable = (finding: Finding) => finding.suggestion !== null && stands(finding)
  const fix = () => {
    const here = atMark()
    const present = findings.find(
      ({ span: [start, end] }) => here !== undefined && start <= here && here < end,
    )
    const wanted = present && applicable(present) ? present : findings.find(applicable)
    if (wanted) apply?.(wanted)
  }
  useKeydown((event) => {
    if (event.repeat || !isPageKey(event)) return
    const key = event.shiftKey ? '' : event.key.toLowerCase()
    if (key === 'i') fold()
    else if (key === 'f' && apply) fix()
    else return
    event.preventDefault()
  })
  usePageActions(() => [
    { id: 'evidence', label: t(open ? 'evidence.fold' : 'evidence.unfold'), keys: 'I', run: fold },
  ])
  const content = interrupt.status === 'edit' && interrupt.content ? interrupt.content : script.content
  const version = script.rulesVersion
  return (
    <section
      className={open ? 'evidence' : 'evidence evidence-folded'}
      aria-label={t('evidence.title')}
      data-testid="evidence"
    >
      <Button
        size="small"
        type="text"
        aria-expanded={open}
        onClick={fold}
        className="evidence-fold"
        data-testid="fold-evidence"
      >
        {t(open ? 'evidence.fold' : 'evidence.unfold')}
        <kbd>I</kbd>
      </Button>
      {(open || findings.length > 0) && (
        <section data-testid="evidence-compliance">
          <h3>
            {t('evidence.compliance')}{' '}
            {findings.length > 0 && <span className="number">{findings.length}</span>}
          </h3>
          {editing ? (
            <p className="muted">{t('evidence.whileEditing')}</p>
          ) : findings.length === 0 ? (
            <p className="muted">{t('evidence.clean')}</p>
          ) : (
            findings.map((finding, place) => {
              const [start, end] = finding.span
              const gone = !stands(finding)
              const canApply = apply && !gone && finding.suggestion !== null
              return (
                <div key={`${finding.rule}-${start}-${end}`} className={gone ? 'finding-gone' : undefined}>
                  <FindingText
                    finding={finding}
                    version={version}
                    onShow={start < end ? () => showMark(start) : undefined}
                    onApply={canApply ? () => apply(finding) : undefined}
                    applyKey={place === findings.findIndex(applicable) ? 'F' : undefined}
                  />
                  {gone && <p className="muted">{t('evidence.fixed')}</p>}
                </div>
              )
            })
          )}
        </section>
      )}
      {open && <Evidence threadId={threadId} interrupt={interrupt} script={script} content={content} />}
    </section>
  )
}

/** What is read for it only when it is looked at. */
function Evidence({
  threadId,
  interrupt,
  script,
  content,
}: {
  threadId: string
  interrupt: InterruptView
  script: ReturnType<typeof scriptParams>
  content: string
}) {
  const { t } = useTranslation()
  const runId = interrupt.run_id ?? ''
  const once = { retry: false, enabled: runId !== '' } as const
  const state = useQuery({
    queryKey: ['evidence', 'state', threadId, runId, interrupt.id],
    queryFn: () => evidenceApi.state(threadId, runId),
    staleTime: Number.POSITIVE_INFINITY,
    ...once,
  })
  const recalled = useQuery({
    queryKey: ['memory', 'run', runId],
    queryFn: () => memoryApi.ofRun(runId),
    ...once,
  })
  return (
    <>
      <Part title={t('evidence.product')} id="product" problem={state.error}>
        <Product
          id={script.productId}
          name={script.productName}
          used={state.data}
          assumed={script.assumed}
          content={content}
        />
      </Part>
      <Part title={t('evidence.quality')} id="quality">
        <Quality script={script} edited={content !== script.content} />
      </Part>
      <Part
        title={t('evidence.memory')}
        id="memory"
        problem={recalled.error}
        more={
          runId && (
            <Link className="text-link" to={`/memory?run=${runId}`}>
              {t('evidence.why')}
            </Link>
          )
        }
      >
        {recalled.data && <Memories told={recalled.data} />}
      </Part>
      <Part title={t('evidence.versions')} id="versions">
        <Versions threadId={threadId} interrupt={interrupt} state={state.data} />
      </Part>
    </>
  )
}

/** One kind of evidence; what cannot be read says so and leaves the others. */
function Part({
  title,
  id,
  problem = null,
  more,
  children,
}: {
  title: string
  id: string
  problem?: unknown
  more?: ReactNode
  children: ReactNode
}) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  return (
    <section data-testid={`evidence-${id}`}>
      <h3 className="row spread">
        {title}
        {more}
      </h3>
      {problem ? <p className="muted">{t('evidence.unread', { reason: problemText(problem) })}</p> : children}
    </section>
  )
}
