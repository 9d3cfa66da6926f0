import '../i18n/addWork'
import '../i18n/addApprovals'
import { BellFilled, BellOutlined } from '@ant-design/icons'
import { Button, Checkbox, Empty, Segmented } from 'antd'
import { memo, type ReactNode, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import { ApprovalCard } from '../review/ApprovalCard'
import { Countdown } from '../review/Countdown'
import { scriptParams } from '../review/params'
import { StatusTag } from '../review/StatusTag'
import type { TakenBack } from '../review/takenBack'
import { offersUndo } from '../review/undoKey'
import { useDesk } from '../shared/desk'
import { isPageKey } from '../shared/keys'
import { usePageActions } from '../shared/pageActions'
import { part } from '../shared/part'
import { askedKey, replayLink } from '../shared/replayLink'
import { keptDraft } from '../shared/storage'
import { Unread } from '../shared/Unread'
import { useKeydown } from '../shared/useKeydown'
import { Afterwards } from './Afterwards'
import { arranged, type Look, plainLook, recallLook, rememberLook, reseated, roomsOf } from './arrange'
import { Bulk } from './Bulk'
import { backOf, isClean } from './bulk'
import { History, LastDecided } from './History'
import { HoldStrip } from './HoldStrip'
import { LookBar } from './LookBar'
import { stepMark } from './marks'
import { NextShow } from './NextShow'
import { byUrgency, fromRest, type Queue, type QueueItem } from './queue'
import { ReviewBar } from './ReviewBar'
import { SnoozeButton } from './SnoozeButton'
import { isUrgent, MINUTES, useSnooze } from './snooze'
import { useSounds } from './sound'
import { useAsked } from './useAsked'
import { useClaim } from './useClaim'
import { useQueue } from './useQueue'

// Fetched with the page: a line that is cut when the first card is opened must not take the whole page away for it.
const evidence = import('../evidence/EvidencePanel')
evidence.catch(() => undefined) // told where it is shown
const EvidencePanel = part(() => evidence.catch(() => import('../evidence/EvidencePanel')))

type Tab = 'waiting' | 'mine' | 'history'

/** The approval queue: the list does not move while somebody is at it; decisions are taken in the detail only. */
export default function ApprovalsPage() {
  const { t } = useTranslation()
  const { id } = useParams()
  const navigate = useNavigate()
  const { queue, list } = useQueue()
  const [shown, setShown] = useState<readonly string[]>([])
  const pointing = useRef(false)
  const queueBox = useRef<HTMLElement>(null)
  const detail = useRef<HTMLElement>(null)
  const [, left] = useState(0)
  const { me, may, socket } = useDesk()
  const sounds = useSounds()
  const [tab, setTab] = useState<Tab>('waiting')
  const [look, setLook] = useState(() => recallLook(me.user.id))
  const { awake, snooze, wake } = useSnooze(queue)
  const all = useMemo(() => byUrgency(queue), [queue])
  const off = all.length - byUrgency(awake).length
  const order = useMemo(
    () => arranged(awake, look, tab === 'mine' ? me.user.id : undefined),
    [awake, look, tab, me.user.id],
  )
  const [minutes, setMinutes] = useState(MINUTES[1] as number)
  const rooms = useMemo(() => roomsOf(queue), [queue])
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [together, setTogether] = useState<readonly QueueItem[]>()
  const decides = may('interrupt.decide')
  const clean = (row: string) => {
    const item = queue.get(row)
    // One with an edit that was not submitted is decided on its own page.
    return decides && item !== undefined && isClean(item, me.user.id) && !keptDraft(`edit:${row}`)
  }
  // What was decided, claimed or found fault with meanwhile is chosen no more.
  const selected = shown.filter((row) => chosen.has(row) && clean(row))
  const toggle = useCallback(
    (row: string) =>
      setChosen((rows) => {
        const next = new Set(rows)
        if (!next.delete(row)) next.add(row)
        return next
      }),
    [],
  )
  const approveTogether = () => setTogether(selected.flatMap((row) => queue.get(row) ?? []))
  const waiting = order.filter((pending) => !shown.includes(pending))
  /** Another view begins anew: it was asked for. */
  const see = (nextTab: Tab, next: Look) => {
    setTab(nextTab)
    setLook(next)
    rememberLook(me.user.id, next)
    setShown(arranged(awake, next, nextTab === 'mine' ? me.user.id : undefined))
  }
  const open = id === undefined ? undefined : queue.get(id)?.interrupt
  const waits = open?.status === 'pending' && open.on_air_at === null
  const urgent = waits && isUrgent(open, socket.clock.now())
  const putOff = () => {
    if (!id || !waits || isUrgent(open, socket.clock.now())) return
    const place = shown.indexOf(id)
    const rest = shown.filter((row) => row !== id)
    snooze(id, minutes)
    setShown(rest)
    navigate(
      rest.length > 0 ? `/approvals/${rest[Math.min(Math.max(place, 0), rest.length - 1)]}` : '/approvals',
    )
  }

  const wakeAll = () => {
    wake()
    // Asked for: nothing moves from under a pointer unawares.
    setShown(arranged(queue, look, tab === 'mine' ? me.user.id : undefined))
  }
  const openTitle = open && scriptParams(open.params).title
  useEffect(() => {
    document.title = `${openTitle ? `${openTitle} · ` : ''}${t('nav.approvals')} · Cuedesk`
  }, [t, openTitle])
  usePageActions(() =>
    decides && waits && !urgent
      ? [{ id: 'snooze', label: t('commandBar.snooze'), keys: 'S', run: putOff }]
      : [],
  )
  const rearrange = useCallback(() => setShown(order), [order])
  // The focus that a click left on a row keeps nobody's place: who walks by Tab stands there. `:focus-visible` would call
  // the one the other as soon as a key is pressed.
  const tabbing = useRef(false)
  // In whose row one stands: it is drawn as the same, and keeps the focus.
  const seats = useRef(new Map<string, string>())
  /** As the sort has it, without what is decided, unless somebody would lose the row under the pointer or the focus. */
  const settle = () => {
    const atKeys = tabbing.current && queueBox.current?.contains(document.activeElement)
    const same = order.length === shown.length && order.every((row, place) => row === shown[place])
    if (same) return
    if ((!pointing.current && !atKeys) || shown.length === 0) return rearrange()
    const next = reseated(shown, order, awake)
    if (next === shown) return
    shown.forEach((row, at) => {
      const there = next[at]
      if (there && there !== row) seats.current.set(there, seats.current.get(row) ?? row)
    })
    setShown(next)
  }
  useEffect(settle)
  // Whoever walks by keys sees where they are, and reads each script from its beginning.
  useEffect(() => {
    if (detail.current) detail.current.scrollTop = 0
    if (id) queueBox.current?.querySelector('[aria-current=true]')?.scrollIntoView?.({ block: 'nearest' })
  }, [id])
  // Where the open one stands among those that wait, or stood before it was decided and went.
  const place = useRef(0)
  const steps = shown.filter((row) => row === id || queue.get(row)?.interrupt.status === 'pending')
  const standing = steps.indexOf(id ?? '')
  if (standing >= 0) place.current = standing

  const step = (by: number) => {
    // Counted from where the last key has gone, which may not be drawn yet: what was left by it may have been decided.
    const at = location.pathname.split('/')[2] ?? ''
    const ways = shown.filter((row) => row === at || queue.get(row)?.interrupt.status === 'pending')
    const here = ways.indexOf(at)
    // The next one has taken the place of one that went.
    const from = here >= 0 ? here + by : id ? place.current + Math.min(by, 0) : 0
    const next = ways[Math.min(Math.max(from, 0), ways.length - 1)]
    if (next) navigate(`/approvals/${next}`)
  }
  const others = steps.filter((row) => row !== id)
  const next = others[Math.min(place.current, others.length - 1)]
  // Where a key was pressed before the script was drawn there, for which it was meant.
  const [early, setEarly] = useState('')
  // Z was pressed, and nothing can be taken back.
  const [vain, setVain] = useState(false)
  useKeydown((event) => {
    if (event.key === 'Tab') tabbing.current = true
    if (!isPageKey(event)) return
    // Caps Lock is no Shift.
    const key = event.shiftKey ? `Shift ${event.key.toLowerCase()}` : event.key.toLowerCase()
    if (key === 'n' || key === 'p') {
      stepMark(key === 'n' ? 1 : -1)
      event.preventDefault()
    }
    setEarly(id && /^[aex]$/.test(key) && !location.pathname.includes(id) ? location.pathname : '')
    setVain(key === 'z' && decides && !offersUndo())
    if (tab === 'history') return
    // A link does nothing by Space: the row that was clicked has the focus.
    const onControl = event.target instanceof HTMLElement && event.target.closest('button, input')
    if (key === ' ' && !onControl && id && clean(id)) toggle(id)
    else if (key === 'Shift a' && selected.length > 0) approveTogether()
    else if (key === 'j') step(1)
    else if (key === 'k') step(-1)
    else if (key === 's' && decides && waits) putOff()
    else return
    event.preventDefault()
  })
  useEffect(() => {
    const point = () => {
      tabbing.current = false
    }
    window.addEventListener('pointerdown', point, true)
    return () => window.removeEventListener('pointerdown', point, true)
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
          settle()
        }}
        // Where the focus goes is known afterwards.
        onBlur={() => setTimeout(() => left((times) => times + 1))}
      >
        <div className="row spread">
          <span className="row">
            <h1>{t('nav.approvals')}</h1>
            {(list.isSuccess || all.length > 0) && (
              <span className="muted number">{t('approvals.pending', { count: all.length })}</span>
            )}
          </span>
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
        <Segmented<Tab>
          block
          aria-label={t('approvals.queue')}
          value={tab}
          onChange={(next) => see(next, look)}
          options={[
            { value: 'waiting', label: t('approvalDesk.waiting') },
            { value: 'mine', label: t('approvalDesk.mineTab') },
            { value: 'history', label: t('approvalDesk.history') },
          ]}
        />
        {tab === 'history' ? (
          <History selected={id} />
        ) : (
          <LookBar look={look} rooms={rooms} onLook={(next) => see(tab, next)} />
        )}
        <Unread asked={list} />
        {tab !== 'history' && list.isPending && shown.length === 0 && (
          <p className="skeleton skeleton-rows">{t('common.loading')}</p>
        )}
        <ul hidden={tab === 'history'}>
          {shown.map((row) => {
            const item = queue.get(row)
            const seat = seats.current.get(row)
            return (
              item && (
                <QueueRow
                  key={seat && !shown.includes(seat) ? seat : row}
                  item={item}
                  selected={row === id}
                  chosen={chosen.has(row)}
                  onChoose={clean(row) ? toggle : undefined}
                />
              )
            )
          })}
        </ul>
        {together && (
          <Bulk
            items={together}
            onClose={() => setTogether(undefined)}
            onDone={() => {
              setTogether(undefined)
              setChosen(new Set())
            }}
          />
        )}
        {tab !== 'history' && list.isSuccess && shown.length === 0 && (
          <Empty
            description={
              tab === 'mine' && all.length > 0
                ? t('approvalDesk.noneMine')
                : all.length > off
                  ? t('approvalDesk.noneLike')
                  : t('approvals.empty')
            }
          >
            {tab === 'waiting' && all.length === 0 && (
              <>
                <LastDecided />
                <NextShow />
              </>
            )}
            {tab === 'waiting' && all.length > off && (
              <Button onClick={() => see(tab, plainLook)} data-testid="clear-look">
                {t('approvalDesk.clearLook')}
              </Button>
            )}
          </Empty>
        )}
        {/* Below the rows: whatever comes and goes here, no row moves from under the pointer, nor does what is in it: it grows
            upwards, and as long as the pointer is there it does not shrink. */}
        <div
          className="queue-foot"
          onPointerEnter={({ currentTarget }) => {
            currentTarget.style.minHeight = `${currentTarget.getBoundingClientRect().height}px`
          }}
          onPointerLeave={({ currentTarget }) => {
            currentTarget.style.minHeight = ''
          }}
        >
          {off > 0 && (
            <Button block onClick={wakeAll} data-testid="snoozed">
              {t('approvalDesk.snoozed', { count: off })}
            </Button>
          )}
          {tab !== 'history' && waiting.length > 0 && (
            <Button block onClick={rearrange} data-testid="new-items">
              {t('approvals.newItems', { count: waiting.length })}
            </Button>
          )}
          {tab !== 'history' && selected.length > 0 && (
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
          {decides && <HoldStrip queue={queue} />}
        </div>
        <p className="muted hint">{t('approvalDesk.keys')}</p>
      </nav>
      <main className="detail" ref={detail}>
        {id && waits && early.includes(id) && (
          <p role="status" data-testid="too-early">
            {t('approvalDesk.tooEarly')}
          </p>
        )}
        {vain && (
          <p role="status" data-testid="nothing-back">
            {t('approvalDesk.nothingBack')}
          </p>
        )}
        {id ? (
          <Detail
            key={id}
            id={id}
            queue={queue}
            listedAt={list.dataUpdatedAt}
            onNext={next && tab !== 'history' ? () => navigate(`/approvals/${next}`) : undefined}
            tools={
              decides &&
              waits && (
                <SnoozeButton minutes={minutes} onMinutes={setMinutes} urgent={urgent} onSnooze={putOff} />
              )
            }
          />
        ) : (
          // Of an empty queue nothing can be chosen.
          (tab === 'history' || shown.length > 0) && <p className="muted empty">{t('approvals.choose')}</p>
        )}
      </main>
    </div>
  )
}

/** A row of the queue, drawn again only when it is another: of the hundreds that are there one arrives or changes. */
const QueueRow = memo(function QueueRow({
  item,
  selected,
  chosen,
  onChoose,
}: {
  item: QueueItem
  selected: boolean
  chosen: boolean
  /** Absent when it cannot be approved together with others. */
  onChoose: ((id: string) => void) | undefined
}) {
  const { t } = useTranslation()
  const decides = useDesk().may('interrupt.decide')
  const { interrupt } = item
  const script = scriptParams(interrupt.params)
  const pending = interrupt.status === 'pending'
  const severe = script.findings.filter(({ severity }) => severity === 'block' || severity === 'fail').length
  const lesser = script.findings.length - severe
  return (
    <li className={`queue-row${selected ? ' queue-row-selected' : ''}${pending ? '' : ' queue-row-done'}`}>
      {onChoose ? (
        <Checkbox
          checked={chosen}
          onChange={() => onChoose(interrupt.id)}
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
          {severe === 0 && lesser > 0 && pending && (
            <span className="tag tag-warn">{t('approvalDesk.lesser', { count: lesser })}</span>
          )}
          {/* What is decided folds to its title and its end; its place stays, or another would be under the pointer. */}
          {/* There is room for one name: who is at it comes before where it goes. */}
          {pending && (
            <span className="muted">
              {interrupt.claimed_by
                ? t('review.claimedBy', { name: interrupt.claimed_by.name })
                : script.roomName}
            </span>
          )}
        </span>
      </Link>
    </li>
  )
})

/** The card with who is at it; beginning to change it claims it, and a colleague's claim locks it until it is taken over. */
function Review({ item, back }: { item: QueueItem; back: TakenBack | undefined }) {
  const { t } = useTranslation()
  const claiming = useClaim(item.interrupt)
  const { mine, holder, engage } = claiming
  return (
    <>
      <ReviewBar interrupt={item.interrupt} claiming={claiming} />
      <div className="with-evidence">
        <ApprovalCard
          threadId={item.threadId}
          interrupt={item.interrupt}
          hotkeys
          back={back}
          locked={!mine && holder ? t('approvalDesk.lockedBy', { name: holder.name }) : undefined}
          onEngage={engage}
          aside={(tools) => (
            <Suspense fallback={null}>
              <EvidencePanel threadId={item.threadId} interrupt={item.interrupt} tools={tools} />
            </Suspense>
          )}
        />
      </div>
    </>
  )
}

function Detail({
  id,
  queue,
  listedAt,
  tools,
  onNext,
}: {
  id: string
  queue: Queue
  listedAt: number
  tools: ReactNode
  onNext: (() => void) | undefined
}) {
  const known = queue.get(id)
  const { t } = useTranslation()
  const read = useAsked(id, known !== undefined, listedAt)
  // What leaves the queue stays in view, with what was typed and told there, until its end is read.
  const last = useRef(known)
  if (known) last.current = known
  const item = known ?? (read.data && fromRest(read.data)) ?? last.current
  if (read.error && !item) {
    return <Unread asked={read} />
  }
  if (!item) return <p className="skeleton">{t('common.loading')}</p>
  const again = read.data?.status === 'rejected' ? read.data.again : undefined
  const back =
    backOf(queue, id) ??
    (again ? { name: again.by?.name ?? '', id: again.interrupt_id ?? undefined } : undefined)
  return (
    <>
      <p className="row">
        <Link to="/approvals" className="to-queue">
          {t('approvals.toQueue')}
        </Link>
        <Link to={`/console/${item.threadId}`}>{t('approvals.openThread')}</Link>
        <Link to={replayLink(item.threadId, askedKey(item.interrupt.id))}>{t('approvalDesk.replay')}</Link>
        {tools}
      </p>
      <Review item={item} back={back} />
      {item.interrupt.status !== 'pending' && <Afterwards item={item} queue={queue} onNext={onNext} />}
    </>
  )
}
