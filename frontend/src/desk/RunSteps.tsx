import { CheckOutlined, LoadingOutlined, StopOutlined } from '@ant-design/icons'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import type { RunView } from '../generated/protocol'
import { Assumed } from '../shared/Assumed'
import { duration } from '../shared/format'
import { part } from '../shared/part'

const RunChips = part(() => import('./RunChips'))

/** What of a step's findings is worth a line, in this order; the rest is for the replay. */
const told = [
  'product',
  'category',
  'host',
  'found',
  'model',
  'characters',
  'score',
  'findings',
  'by',
  'version',
] as const

const texts = (value: unknown) =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []

function DetailLine({ detail }: { detail: Record<string, unknown> }) {
  const { t } = useTranslation()
  const parts = told.flatMap((name) => {
    const value = detail[name]
    return (typeof value === 'string' && value) || typeof value === 'number'
      ? [`${t(`detail.${name}`)} ${value === 'offline' ? t('detail.offline') : value}`]
      : []
  })
  return <span className="muted step-detail">{parts.join(' · ')}</span>
}

/** The steps of the latest run with their timings. */
export function RunSteps({ run }: { run: RunView | undefined }) {
  const { t, i18n } = useTranslation()
  const { thread } = useParams()
  if (!run) return <p className="muted">{t('desk.noRun')}</p>
  const over = !['enqueued', 'queued', 'running', 'waiting'].includes(run.status)
  const total = run.steps.reduce((sum, step) => sum + (step.elapsed_ms ?? 0), 0)
  return (
    <>
      <p className="row">
        <span
          className={`state state-${runTone(run.status)}`}
          data-testid="run-status"
          data-status={run.status}
        >
          {t(`runStatus.${run.status}`)}
        </span>
        <span className="muted number">{total > 0 && duration(total)}</span>
      </p>
      {thread && (
        <Suspense fallback={null}>
          <RunChips threadId={thread} runId={run.id} over={over || run.status === 'waiting'} />
        </Suspense>
      )}
      <ol className="steps">
        {run.steps.map((step, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a node may run several times; the place tells them apart.
          <li key={`${step.node}-${place}`} className={`step step-${step.status}`}>
            <span className="step-icon">
              {step.status === 'finished' ? (
                <CheckOutlined aria-label={t('desk.stepDone')} />
              ) : over ? (
                <StopOutlined aria-label={t('desk.stepCut')} />
              ) : (
                <LoadingOutlined aria-label={t('desk.stepRunning')} />
              )}
            </span>
            <span>
              {i18n.exists(`node.${step.node}`) ? t(`node.${step.node}` as 'node.script') : step.node}
              <DetailLine detail={step.detail} />
              <Assumed list={texts(step.detail.assumed)} />
              {step.node === 'recall' && step.detail.why !== undefined && (
                <Link className="step-link" to={`/memory?run=${run.id}`}>
                  {t('nav.memory')}
                </Link>
              )}
            </span>
            <span className="muted number">
              {(step.elapsed_ms ?? 0) >= 1 && duration(step.elapsed_ms ?? 0)}
            </span>
          </li>
        ))}
      </ol>
    </>
  )
}

function runTone(status: RunView['status']): string {
  switch (status) {
    case 'enqueued':
    case 'queued':
    case 'running':
      return 'writing'
    case 'waiting':
      return 'pending'
    case 'completed':
      return 'approve'
    case 'failed':
      return 'reject'
    case 'cancelled':
    case 'expired':
      return 'expired'
  }
}
