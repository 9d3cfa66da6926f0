import '../i18n/addWork'
import '../i18n/addReview'
import '../i18n/addReplay'
import './replay.css'
import { BranchesOutlined, LinkOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Segmented } from 'antd'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router'
import { deskApi } from '../desk/api'
import { fileName } from '../desk/transcript'
import { copyText, saveText } from '../shared/clipboard'
import { useDesk } from '../shared/desk'
import { isPageKey } from '../shared/keys'
import { NoticesProvider, useNotices } from '../shared/notices'
import { usePageActions } from '../shared/pageActions'
import { useProblemText } from '../shared/problems'
import { replayLink } from '../shared/replayLink'
import { told } from '../shared/rest'
import { Unread } from '../shared/Unread'
import { useKeydown } from '../shared/useKeydown'
import { uuid7 } from '../wire/ids'
import { replayApi, type ThreadRecord } from './api'
import { LONGEST_MS, placesOf } from './axis'
import { asJson, asText } from './exporting'
import { foldingOf } from './folding'
import {
  checkpointAt,
  checkpointBefore,
  kinds,
  type MomentKind,
  momentsOf,
  onScreenAt,
  placeOf,
} from './moments'
import { StateThen } from './StateThen'
import { Conversation, ScriptThen } from './Then'
import { playbackKey, TimeLine } from './TimeLine'
import { usePlayback } from './usePlayback'
import { span, wordsIn } from './words'

const SETTLED_MS = 300

/** A conversation played again: what happened in it, moment by moment, and what the runs knew then. */
export default function ReplayPage() {
  const { t } = useTranslation()
  const { thread: threadId = '' } = useParams()
  const [count, setCount] = useState(0)
  const record = useQuery({
    queryKey: ['replay', threadId],
    queryFn: () => replayApi.read(threadId, setCount),
    // As it is now: what is open beside it goes on.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  })
  const title = record.data?.thread.title
  useEffect(() => {
    document.title = `${title ? `${title} · ` : ''}${t('replay.title')} · Cuedesk`
  }, [t, title])
  return (
    <NoticesProvider>
      <main className="page replay">
        {record.isError ? (
          <Unread asked={record} />
        ) : record.data ? (
          // What was read anew begins at the same moment, by its address.
          <Player
            key={record.dataUpdatedAt}
            record={record.data}
            reading={record.isFetching}
            onRefresh={() => void record.refetch()}
          />
        ) : (
          <p className="muted">{t('replay.reading', { count })}</p>
        )}
      </main>
    </NoticesProvider>
  )
}

interface PlayerProps {
  record: ThreadRecord
  reading: boolean
  onRefresh: () => void
}

function Player({ record, reading, onRefresh }: PlayerProps) {
  const { t } = useTranslation()
  const { thread } = record
  const moments = useMemo(() => momentsOf(record), [record])
  const head = (
    <div className="row spread">
      <div className="row">
        <h1>{thread.title || t('desk.untitled')}</h1>
        <span className="tag tag-plain">{t('replay.title')}</span>
      </div>
      <div className="row">
        <Button size="small" type="text" loading={reading} onClick={onRefresh}>
          {t('replay.refresh')}
        </Button>
        <Link className="text-link" to={`/console/${thread.id}`}>
          {t('replay.toThread')}
        </Link>
      </div>
    </div>
  )
  return (
    <>
      {head}
      {moments.length > 0 ? (
        <Moments record={record} moments={moments} />
      ) : (
        <p className="muted empty">{t('replay.none')}</p>
      )}
    </>
  )
}

function Moments({ record, moments }: { record: ThreadRecord; moments: ReturnType<typeof momentsOf> }) {
  const { t, i18n } = useTranslation()
  const problemText = useProblemText()
  const [params, setParams] = useSearchParams()
  const { thread, events, checkpoints, airings } = record
  const [stops, setStops] = useState<ReadonlySet<MomentKind>>(() => new Set(kinds))
  const places = useMemo(() => placesOf(moments.map(({ at }) => at)), [moments])
  const seen = useMemo(() => moments.map(({ kind }) => stops.has(kind)), [moments, stops])
  const playback = usePlayback(places, seen, placeOf(moments, params.get('at')))
  const foldedAt = useMemo(() => foldingOf(events), [events])
  const words = useMemo(
    () => wordsIn(t, (key) => i18n.exists(key), i18n.language, problemText),
    [t, i18n, problemText],
  )
  const [side, setSide] = useState<'conversation' | 'script'>('conversation')

  const moment = moments[playback.index] ?? moments[0]
  // The end is where one is without a moment in the address: what happens later is then the end.
  const key = playback.index < moments.length - 1 ? moment?.key : undefined
  useEffect(() => {
    if (playback.playing) return
    const next = new URLSearchParams(key ? { at: key } : {})
    const timer = setTimeout(
      () => setParams((now) => (now.get('at') === (key ?? null) ? now : next), { replace: true }),
      SETTLED_MS,
    )
    return () => clearTimeout(timer)
  }, [playback.playing, key, setParams])
  useKeydown((event) => {
    const onControl = event.target instanceof HTMLElement && event.target.closest('button, a, summary, label')
    // What scrolls by itself keeps its own keys, and a button its space.
    const scrolls = event.target instanceof HTMLElement && event.target.closest('[tabindex="0"]')
    if (!isPageKey(event) || (event.key === ' ' && onControl) || (scrolls && event.key !== ' ')) return
    if (playbackKey(event, playback, moments.length)) event.preventDefault()
  })
  usePageActions(() => [
    { id: 'play', label: t(playback.playing ? 'replay.pause' : 'replay.play'), run: playback.toggle },
  ])

  if (!moment) return null
  const then = foldedAt(moment.seq)
  const checkpoint = checkpointAt(moments, playback.index)
  const said = words.moment(moment)
  const time = words.time(moment.at)
  const waited = moment.at - (moments[playback.index - 1]?.at ?? moment.at)
  return (
    <>
      <Tools record={record} at={moment.key} checkpoint={checkpoint} words={words} />
      <TimeLine
        moments={moments}
        places={places}
        playback={playback}
        stops={stops}
        onStops={setStops}
        said={said}
        time={time}
      />
      <p className="moment row" data-testid="moment" data-key={moment.key} data-kind={moment.kind}>
        <span className="number">{time}</span>
        <span className={`state kind-${moment.kind}`}>{t(`replayKind.${moment.kind}`)}</span>
        <span className="moment-said" aria-live={playback.playing ? 'off' : 'polite'}>
          {said}
        </span>
        {waited > LONGEST_MS && (
          <span className="muted number">{t('replay.waited', { time: span(waited) })}</span>
        )}
      </p>
      {onScreenAt(airings, moment.at).map((airing) => (
        <p key={`${airing.room_id}-${airing.put_at}`} className="row" data-testid="on-screen">
          <span className="state state-live">● {t('replay.onScreen')}</span>
          {t('replay.onScreenSince', {
            title: airing.title,
            version: airing.script_version,
            room: airing.room_name,
            time: words.time(airing.shown_at ?? airing.put_at),
          })}
        </p>
      ))}
      <div className="replay-sides">
        <section className="replay-side" aria-label={t(`replay.${side}`)}>
          <Segmented
            value={side}
            onChange={setSide}
            aria-label={t('replay.conversation')}
            options={[
              { value: 'conversation' as const, label: t('replay.conversation') },
              { value: 'script' as const, label: t('replay.script') },
            ]}
          />
          {side === 'conversation' ? (
            <Conversation thread={then} moment={moment} words={words} />
          ) : (
            <ScriptThen thread={then} />
          )}
        </section>
        <section className="replay-side" aria-label={t('replay.state')}>
          <h2>{t('replay.state')}</h2>
          {checkpoint ? (
            <StateThen
              threadId={thread.id}
              checkpoint={checkpoint}
              before={checkpointBefore(checkpoints, checkpoint)}
              words={words}
            />
          ) : (
            <p className="muted">{t('replay.noState')}</p>
          )}
        </section>
      </div>
      <p className="muted hint">{t('replay.hint')}</p>
    </>
  )
}

function Tools({
  record,
  at,
  checkpoint,
  words,
}: {
  record: ThreadRecord
  at: string
  checkpoint: ReturnType<typeof checkpointAt>
  words: ReturnType<typeof wordsIn>
}) {
  const { t } = useTranslation()
  const { may } = useDesk()
  const notices = useNotices()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const problemText = useProblemText()
  const [busy, setBusy] = useState<'fork' | 'json' | 'txt'>()
  const forking = useRef<{ version: number; key: string }>(undefined)
  const { thread } = record

  const attempt = async (what: 'fork' | 'json' | 'txt', work: () => Promise<void>) => {
    setBusy(what)
    try {
      await work()
    } catch (error) {
      // What was refused is another attempt when it is asked for again; what got no answer is the same one.
      if (told(error).code !== 'unreachable') forking.current = undefined
      notices.error(problemText(error))
    } finally {
      setBusy(undefined)
    }
  }
  const fork = () =>
    attempt('fork', async () => {
      if (!checkpoint) return
      if (forking.current?.version !== checkpoint.version)
        forking.current = { version: checkpoint.version, key: uuid7() }
      const made = await deskApi.fork(thread.id, checkpoint.version, forking.current.key)
      void cache.invalidateQueries({ queryKey: ['threads'] })
      navigate(`/console/${made.thread_id}`)
    })
  const share = async () => {
    const link = location.origin + replayLink(thread.id, at)
    if (await copyText(link)) notices.success(t('replay.shared'))
    else notices.error(t('replay.notShared'))
  }
  const save = (ending: 'json' | 'txt') =>
    attempt(ending, async () => {
      const masked = await replayApi.maskedEvents(thread.id)
      const title = thread.title || t('desk.untitled')
      const text =
        ending === 'json'
          ? asJson(record, masked, new Date())
          : asText(record, masked, { ...words, kind: (kind) => t(`replayKind.${kind}`), title })
      saveText(fileName(title, ending), text, ending === 'json' ? 'application/json' : 'text/plain')
    })
  const whyNot = !may('thread.write')
    ? t('replay.forkMayNot')
    : !checkpoint
      ? t('replay.forkNone')
      : checkpoint.intact
        ? undefined
        : t('replay.forkDamaged')
  return (
    <div className="row">
      <Button icon={<LinkOutlined />} onClick={() => void share()} data-testid="share">
        {t('replay.share')}
      </Button>
      <Button
        loading={busy === 'json'}
        title={t('replay.exportHint')}
        onClick={() => void save('json')}
        data-testid="export-json"
      >
        {t('replay.exportJson')}
      </Button>
      <Button
        loading={busy === 'txt'}
        title={t('replay.exportHint')}
        onClick={() => void save('txt')}
        data-testid="export-text"
      >
        {t('replay.exportText')}
      </Button>
      <Button
        icon={<BranchesOutlined />}
        disabled={whyNot !== undefined}
        loading={busy === 'fork'}
        onClick={() => void fork()}
        data-testid="fork"
      >
        {t('replay.fork')}
      </Button>
      <span className="muted">
        {whyNot ??
          (checkpoint && t('replay.forkFrom', { version: checkpoint.version, step: words.step(checkpoint) }))}
      </span>
    </div>
  )
}
