import '../i18n/addWork'
import { useQuery } from '@tanstack/react-query'
import '../i18n/addApprovals'
import { BellFilled, BellOutlined } from '@ant-design/icons'
import { Alert, Button, Checkbox, Empty, Segmented } from 'antd'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import { ApprovalCard } from '../review/ApprovalCard'
import { Countdown } from '../review/Countdown'
import { scriptParams } from '../review/params'
import { StatusTag } from '../review/StatusTag'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { isPageKey } from '../shared/keys'
import { useProblemText } from '../shared/problems'
import { Bulk } from './Bulk'
import { heldItems, isClean } from './bulk'
import { History } from './History'
import { HoldStrip } from './HoldStrip'
import { byUrgency, fromRest, type QueueItem } from './queue'
import { ReviewBar } from './ReviewBar'
import { useSounds } from './sound'
import { useClaim } from './useClaim'
import { useQueue } from './useQueue'

/** The approval queue: the list does not move while somebody is at it; decisions are taken in the detail only. */
export default function ApprovalsPage() {
  const { t } = useTranslation()
  const { id } = useParams()
  const navigate = useNavigate()
  const problemText = useProblemText()
  const { queue, list } = useQueue()
  const [shown, setShown] = useState<readonly string[]>([])
  const pointing = useRef(false)
  const queueBox = useRef<HTMLElement>(null)
  const urgent = useMemo(() => byUrgency(queue), [queue])
  const { me, may } = useDesk()
  const sounds = useSounds()
  const [tab, setTab] = useState<'waiting' | 'history'>('waiting')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [together, setTogether] = useState<readonly QueueItem[]>()
  const held = heldItems(queue.values())
  const decides = may('interrupt.decide')
  const clean = (row: string) => {
    const item = queue.get(row)
    return decides && item !== undefined && isClean(item, me.user.id)
  }
  // What was decided, claimed or found fault with meanwhile is chosen no more.
  const selected = shown.filter((row) => chosen.has(row) && clean(row))
  const toggle = (row: string) =>
    setChosen((rows) => {
      const next = new Set(rows)
      if (!next.delete(row)) next.add(row)
      return next
    })
  const approveTogether = () => setTogether(selected.flatMap((row) => queue.get(row) ?? []))
  const waiting = urgent.filter((pending) => !shown.includes(pending))

  useEffect(() => {
    document.title = `${t('nav.approvals')} · Cuedesk`
  }, [t])
  const rearrange = useCallback(() => setShown(urgent), [urgent])
  useEffect(() => {
    // New ones go straight in as long as nobody would lose the row under the pointer.
    const atKeys = queueBox.current?.contains(document.activeElement?.closest(':focus-visible') ?? null)
    if (waiting.length > 0 && ((!pointing.current && !atKeys) || shown.length === 0)) {
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
    if (tab !== 'waiting' || !isPageKey(event)) return
    const onControl = event.target instanceof HTMLElement && event.target.closest('button, a, input')
    if (event.key === ' ' && !onControl && id && clean(id)) toggle(id)
    else if (event.key === 'A' && selected.length > 0) approveTogether()
    else if (event.key === 'j') step(1)
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
        ref={queueBox}
        onPointerEnter={() => {
          pointing.current = true
        }}
        onPointerLeave={() => {
          pointing.current = false
        }}
      >
        <div className="row spread">
          <h1>{t('nav.approvals')}</h1>
          <span className="muted number">{t('approvals.pending', { count: urgent.length })}</span>
          {decides && (
            <Button
              type="text"
              size="small"
              icon={sounds.on ? <BellFilled /> : <BellOutlined />}
              aria-label={t(sounds.on ? 'approvalDesk.soundsOn' : 'approvalDesk.soundsOff')}
              title={t(sounds.on ? 'approvalDesk.soundsOn' : 'approvalDesk.soundsOff')}
              aria-pressed={sounds.on}
              onClick={sounds.on ? sounds.mute : sounds.arm}
              data-testid="sounds"
            />
          )}
        </div>
        <Segmented
          block
          aria-label={t('approvals.queue')}
          value={tab}
          onChange={setTab}
          options={[
            { value: 'waiting', label: t('approvalDesk.waiting') },
            { value: 'history', label: t('approvalDesk.history') },
          ]}
        />
        {tab === 'history' && <History selected={id} />}
        {list.isError && <Alert type="error" showIcon title={problemText(list.error)} />}
        <ul hidden={tab !== 'waiting'}>
          {shown.map((row) => {
            const item = queue.get(row)
            return (
              item && (
                <QueueRow
                  key={row}
                  item={item}
                  selected={row === id}
                  chosen={chosen.has(row)}
                  onChoose={clean(row) ? () => toggle(row) : undefined}
                />
              )
            )
          })}
        </ul>
        {together && (
          <Bulk
            items={together}
            onClose={() => {
              setTogether(undefined)
              setChosen(new Set())
            }}
          />
        )}
        {tab === 'waiting' && list.isSuccess && shown.length === 0 && (
          <Empty description={t('approvals.empty')} />
        )}
        <p className="muted hint">{t('approvals.keys')}</p>
        {/* Below the rows: whatever comes and goes here, no row moves from under the pointer. */}
        <div className="queue-foot">
          {tab === 'waiting' && waiting.length > 0 && (
            <Button block onClick={rearrange} data-testid="new-items">
              {t('approvals.newItems', { count: waiting.length })}
            </Button>
          )}
          {tab === 'waiting' && selected.length > 0 && (
            <div className="row" data-testid="bulk-bar">
              <span className="number">{t('approvalDesk.selected', { count: selected.length })}</span>
              <Button size="small" type="primary" onClick={approveTogether} data-testid="bulk">
                {t('approvalDesk.bulk')}
                <kbd>Shift A</kbd>
              </Button>
              <Button size="small" type="text" onClick={() => setChosen(new Set())}>
                {t('approvalDesk.clear')}
              </Button>
            </div>
          )}
          {held.length > 0 && decides && <HoldStrip items={held} />}
        </div>
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

function QueueRow({
  item,
  selected,
  chosen,
  onChoose,
}: {
  item: QueueItem
  selected: boolean
  chosen: boolean
  /** Absent when it cannot be approved together with others. */
  onChoose: (() => void) | undefined
}) {
  const { t } = useTranslation()
  const decides = useDesk().may('interrupt.decide')
  const { interrupt } = item
  const script = scriptParams(interrupt.params)
  const pending = interrupt.status === 'pending'
  const severe = script.findings.filter(({ severity }) => severity === 'block' || severity === 'fail').length
  return (
    <li className={`queue-row${selected ? ' queue-row-selected' : ''}${pending ? '' : ' queue-row-done'}`}>
      {onChoose ? (
        <Checkbox
          checked={chosen}
          onChange={onChoose}
          aria-label={t('approvalDesk.select', {
            title: script.title || script.productName || t('review.title'),
          })}
        />
      ) : (
        decides && <span className="queue-row-space" />
      )}
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
          {pending && interrupt.claimed_by && (
            <span className="muted">{t('review.claimedBy', { name: interrupt.claimed_by.name })}</span>
          )}
        </span>
      </Link>
    </li>
  )
}

/** The card with who is at it; beginning to change it claims it, and a colleague's claim locks it until it is taken over. */
function Review({ item }: { item: QueueItem }) {
  const { t } = useTranslation()
  const claiming = useClaim(item.interrupt)
  const { mine, holder, engage } = claiming
  return (
    <>
      <ReviewBar interrupt={item.interrupt} claiming={claiming} />
      <ApprovalCard
        threadId={item.threadId}
        interrupt={item.interrupt}
        hotkeys
        locked={!mine && holder ? t('approvalDesk.lockedBy', { name: holder.name }) : undefined}
        onEngage={engage}
      />
    </>
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
      <Review item={item} />
    </>
  )
}
