import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Empty } from 'antd'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import { ApprovalCard } from '../review/ApprovalCard'
import { Countdown } from '../review/Countdown'
import { scriptParams } from '../review/params'
import { StatusTag } from '../review/StatusTag'
import { api } from '../shared/api'
import { useProblemText } from '../shared/problems'
import { byUrgency, fromRest, type QueueItem } from './queue'
import { useQueue } from './useQueue'

/** The approval queue: the list does not move while somebody is at it; decisions are taken in the detail only. */
export default function ApprovalsPage() {
  const { t } = useTranslation()
  const { id } = useParams()
  const navigate = useNavigate()
  const problemText = useProblemText()
  const { queue, list } = useQueue()
  const [shown, setShown] = useState<readonly string[]>([])
  const engaged = useRef(false)
  const urgent = useMemo(() => byUrgency(queue), [queue])
  const waiting = urgent.filter((pending) => !shown.includes(pending))

  useEffect(() => {
    document.title = `${t('nav.approvals')} · Cuedesk`
  }, [t])
  const rearrange = useCallback(() => setShown(urgent), [urgent])
  useEffect(() => {
    // New ones go straight in as long as nobody would lose the row under the pointer.
    if (waiting.length > 0 && (!engaged.current || shown.length === 0)) {
      setShown((rows) => [...rows, ...waiting])
    }
  }, [waiting, shown.length])

  const step = (by: number) => {
    const place = shown.indexOf(id ?? '')
    const next = shown[Math.min(Math.max(place + by, 0), shown.length - 1)]
    if (next) navigate(`/approvals/${next}`)
  }
  const keys = useRef<(event: KeyboardEvent) => void>(() => {})
  keys.current = (event) => {
    const typing =
      event.target instanceof HTMLElement && event.target.matches('input, textarea, [contenteditable]')
    if (typing || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'j') step(1)
    else if (event.key === 'k') step(-1)
    else return
    event.preventDefault()
  }
  useEffect(() => {
    const listen = (event: KeyboardEvent) => keys.current(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])

  return (
    <div className={id ? 'approvals approvals-chosen' : 'approvals'}>
      <nav
        className="queue"
        aria-label={t('approvals.queue')}
        onPointerEnter={() => {
          engaged.current = true
        }}
        onPointerLeave={() => {
          engaged.current = false
        }}
      >
        <div className="row spread">
          <h1>{t('nav.approvals')}</h1>
          <span className="muted number">{t('approvals.pending', { count: urgent.length })}</span>
        </div>
        {waiting.length > 0 && (
          <Button block onClick={rearrange} data-testid="new-items">
            {t('approvals.newItems', { count: waiting.length })}
          </Button>
        )}
        {list.isError && <Alert type="error" showIcon title={problemText(list.error)} />}
        <ul>
          {shown.map((row) => {
            const item = queue.get(row)
            return item && <QueueRow key={row} item={item} selected={row === id} />
          })}
        </ul>
        {list.isSuccess && shown.length === 0 && <Empty description={t('approvals.empty')} />}
        <p className="muted hint">{t('approvals.keys')}</p>
      </nav>
      <main className="detail">
        {id ? (
          <Detail key={id} id={id} known={queue.get(id)} />
        ) : (
          <p className="muted empty">{t('approvals.choose')}</p>
        )}
      </main>
    </div>
  )
}

function QueueRow({ item, selected }: { item: QueueItem; selected: boolean }) {
  const { t } = useTranslation()
  const { interrupt } = item
  const script = scriptParams(interrupt.params)
  const pending = interrupt.status === 'pending'
  const severe = script.findings.filter(({ severity }) => severity === 'block' || severity === 'fail').length
  return (
    <li className={`queue-row${selected ? ' queue-row-selected' : ''}${pending ? '' : ' queue-row-done'}`}>
      <Link
        to={`/approvals/${interrupt.id}`}
        aria-current={selected ? 'true' : undefined}
        data-testid="queue-row"
      >
        <span className="thread-title">{script.title || script.productName || t('review.title')}</span>
        <span className="row">
          {pending ? <Countdown until={interrupt.expires_at} /> : <StatusTag status={interrupt.status} />}
          {severe > 0 && <span className="tag tag-block">{t('approvals.findings', { count: severe })}</span>}
          <span className="muted">{script.roomName}</span>
        </span>
      </Link>
    </li>
  )
}

function Detail({ id, known }: { id: string; known: QueueItem | undefined }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const read = useQuery({
    queryKey: ['interrupt', id],
    queryFn: () => api.interrupt(id),
    enabled: known === undefined,
    retry: false,
  })
  const item = known ?? (read.data && fromRest(read.data))
  if (read.error && !item) {
    return <Alert type="error" showIcon title={problemText(read.error)} />
  }
  if (!item) return <p className="muted">{t('common.loading')}</p>
  return (
    <>
      <p className="row">
        <Link to="/approvals" className="to-queue">
          {t('approvals.toQueue')}
        </Link>
        <Link to={`/console/${item.threadId}`}>{t('approvals.openThread')}</Link>
      </p>
      <ApprovalCard threadId={item.threadId} interrupt={item.interrupt} hotkeys />
    </>
  )
}
