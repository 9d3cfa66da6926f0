import { PlusOutlined } from '@ant-design/icons'
import { App, Button, Empty } from 'antd'
import { lazy, Suspense, useCallback, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PrompterState } from '../generated/protocol'
import type { Held } from '../rundown/HeldNotice'
import { clockTime } from '../shared/format'
import { isPageKey } from '../shared/keys'
import { useProblemText } from '../shared/problems'
import { Unread } from '../shared/Unread'
import { useKeydown } from '../shared/useKeydown'
import { type Entry, liveApi } from './api'
import { type Air, QueueEntry } from './QueueEntry'
import { placed, secondsToRead, standings } from './queue'
import { useOrder } from './useOrder'
import { type Said, useReorder } from './useReorder'
import type { useRundown } from './useRundown'

const AddScript = lazy(() => import('./AddScript'))

/** A room's rundown: what is on air, what comes, and its order, by dragging or by the keyboard. */
export function Queue({
  roomId,
  state,
  pace,
  writes,
  rundown,
  air,
}: {
  roomId: string
  state: PrompterState | undefined
  /** Characters a minute in this room. */
  pace: number
  /** Whether this person may change the rundown, and is connected. */
  writes: boolean
  rundown: ReturnType<typeof useRundown>
  /** Resolves with what held the entry back, if something did. */
  air: (entry: Entry, how: Air, overrideReason?: string) => Promise<Held | undefined>
}) {
  const { list, held, set } = rundown
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const box = useRef<HTMLOListElement>(null)
  const [said, setSaid] = useState(false)
  const [adding, setAdding] = useState(false)
  const [spoken, setSpoken] = useState('')
  const [busy, setBusy] = useState<string>()
  const [refused, setRefused] = useState<{ id: string; held: Held }>()

  const entries = list.data?.items ?? []
  const standing = standings(entries, state, new Set(held.map(({ entry_id }) => entry_id)))
  const done = entries.filter((entry) => standing.get(entry.id) === 'said')
  const open = entries.filter((entry) => standing.get(entry.id) !== 'said')
  const shown = said ? entries : open
  const ids = shown.map(({ id }) => id)
  const next = entries.find((entry) => standing.get(entry.id) === 'next')
  const left = open
    .filter((entry) => !['onAir', 'waiting'].includes(standing.get(entry.id) ?? ''))
    .reduce((sum, entry) => sum + secondsToRead(entry.content, pace), 0)

  const { order: save, saving } = useOrder(roomId, rundown)
  // What is folded away keeps its place before everything else.
  const order = (wanted: string[]) => save(wanted, said ? wanted : [...done.map(({ id }) => id), ...wanted])
  const titles = useRef(new Map<string, string>())
  titles.current = new Map(entries.map((entry) => [entry.id, entry.title]))
  const say = useCallback(
    (what: Said, id: string, place: number) =>
      setSpoken(t(`live.${what}`, { title: titles.current.get(id) ?? '', n: place + 1 })),
    [t],
  )
  const { grabbed, handle } = useReorder(ids, box, (wanted) => void order(wanted), say)
  const drawn = (grabbed?.ids ?? saving ?? ids).flatMap(
    (id) => entries.find((entry) => entry.id === id) ?? [],
  )

  const during = async (entry: Entry, what: () => Promise<void>) => {
    setBusy(entry.id)
    try {
      await what()
    } catch (error) {
      message.error(problemText(error))
    } finally {
      setBusy(undefined)
    }
  }
  const put = (entry: Entry, how: Air, reason?: string) =>
    during(entry, async () => {
      const why = await air(entry, how, reason)
      setRefused(why && { id: entry.id, held: why })
    })
  const remove = (entry: Entry) =>
    during(entry, async () => {
      set(await liveApi.remove(roomId, entry.id))
      message.success(t('live.removed'))
    })

  // N: what comes next goes on air.
  useKeydown((event) => {
    const meant = event.key.toLowerCase() === 'n' && !event.shiftKey && !event.repeat && isPageKey(event)
    if (!meant || !next || !writes) return
    event.preventDefault()
    void put(next, 'cue')
  })

  return (
    <section className="live-queue" aria-labelledby="queue-title">
      <header className="row spread">
        <h2 id="queue-title">{t('live.queue')}</h2>
        <span className="row">
          {left > 0 && <span className="muted number">{t('live.queueTime', { time: clockTime(left) })}</span>}
          <Button
            size="small"
            icon={<PlusOutlined />}
            disabled={!writes}
            aria-label={t('live.add')}
            title={t('live.add')}
            onClick={() => setAdding(true)}
          >
            {t('live.addShort')}
          </Button>
        </span>
      </header>
      <p className="visually-hidden" id="drag-hint">
        {t('live.dragHint')}
      </p>
      <p className="visually-hidden" role="status" data-testid="order-said">
        {spoken}
      </p>
      <Unread asked={list} />
      {done.length > 0 && (
        <Button type="link" className="link live-said" aria-expanded={said} onClick={() => setSaid(!said)}>
          {said ? t('live.saidHide') : t('live.said', { count: done.length })}
        </Button>
      )}
      {list.isSuccess && open.length === 0 && (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('live.queueEmpty')}>
          <p className="muted">{t('live.queueEmptyHint')}</p>
        </Empty>
      )}
      <ol ref={box} className="live-entries" data-testid="queue">
        {drawn.map((entry) => (
          <QueueEntry
            key={entry.id}
            entry={entry}
            standing={standing.get(entry.id) ?? 'queued'}
            changed={held.find(({ entry_id }) => entry_id === entry.id)?.changed}
            refused={refused?.id === entry.id ? refused.held : undefined}
            pace={pace}
            writes={writes && saving === undefined}
            busy={busy === entry.id}
            grabbed={grabbed?.id === entry.id}
            handle={handle(entry.id)}
            place={ids.indexOf(entry.id)}
            last={ids.length - 1}
            onPut={(how, reason) => put(entry, how, reason)}
            onPlace={(place) => void order(placed(ids, entry.id, place))}
            onRemove={() => void remove(entry)}
            onRegenerated={() => setRefused(undefined)}
          />
        ))}
      </ol>
      {adding && (
        <Suspense fallback={null}>
          <AddScript
            onAdd={async (script, key) => {
              set(await liveApi.add(roomId, script, key))
              message.success(t('live.added'))
            }}
            onClose={() => setAdding(false)}
          />
        </Suspense>
      )}
    </section>
  )
}
