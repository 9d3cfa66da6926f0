import { Alert, App, Button, Select, Skeleton } from 'antd'
import { lazy, Suspense, useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import type { DisplayView } from '../generated/protocol'
import { type Order, useOrders, useRoom } from '../room/useRoom'
import type { Held } from '../rundown/HeldNotice'
import { useDesk, useSocketStatus } from '../shared/desk'
import { useProblemText } from '../shared/problems'
import { told } from '../shared/rest'
import { uuid7 } from '../wire/ids'
import { AirRule } from './AirRule'
import { type Entry, liveApi, type Room } from './api'
import { Displays } from './Displays'
import { Note } from './Note'
import { Queue } from './Queue'
import type { Air } from './QueueEntry'
import { Stage } from './Stage'
import { useRundown } from './useRundown'

/** What is heard of displays without a line. */
const NONE: readonly DisplayView[] = []
const Pairing = lazy(() => import('./Pairing'))

/** One room, directed: its rundown, what its displays show, and what can be done about it. */
export function Director({ room, rooms }: { room: Room; rooms: readonly Room[] }) {
  const { t } = useTranslation()
  const [pairing, setPairing] = useState(false)
  const { may, socket } = useDesk()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const navigate = useNavigate()
  const { state, displays, problem } = useRoom(socket, room.id)
  const rundown = useRundown(room.id, state?.rundown_revision)
  const status = useSocketStatus()
  const refused = useCallback((error: unknown) => message.error(problemText(error)), [message, problemText])
  const { give, ask, busy, ahead } = useOrders(socket, room.id, refused)

  const online = status.state === 'open'
  const controls = may('prompter.control')
  const ready = state?.transport != null
  const why = !controls
    ? t('live.whyRole')
    : !online
      ? t('live.whyOffline')
      : state && !ready
        ? t('live.notReady')
        : undefined
  const able = controls && online && ready
  const pace = state?.transport?.pace ?? state?.pace ?? 240

  const order = useCallback((what: Order) => give(what), [give])
  const air = async (entry: Entry, how: Air, overrideReason?: string): Promise<Held | undefined> => {
    try {
      const cued = await liveApi.cue(room.id, entry.id, overrideReason ?? null, uuid7())
      // What is on stage at once needs no more; what waits because another text is read is brought in.
      if (how !== 'cue' && cued.stage) await ask({ action: how, version: cued.version })
    } catch (error) {
      const { code, details } = told(error)
      if (code === 'push_held') return details as unknown as Held
      refused(error)
    }
    return undefined
  }

  return (
    <main className="live" data-testid="live">
      <header className="row spread live-head">
        <div className="row">
          <h1>{room.name}</h1>
          {rooms.length > 1 && (
            <Select
              aria-label={t('live.choose')}
              value={room.id}
              style={{ minWidth: 160 }}
              onChange={(id) => navigate(`/live/${id}`)}
              options={rooms.map(({ id, name }) => ({ value: id, label: name }))}
            />
          )}
        </div>
        <nav className="row" aria-label={t('live.title')}>
          <a href={`/prompter.html?room=${room.id}`} target="_blank" rel="noreferrer">
            {t('live.prompter')} ↗
          </a>
          <a href={`/remote?room=${room.id}`} target="_blank" rel="noreferrer">
            {t('live.remote')} ↗
          </a>
          {may('device.pair') && <Button onClick={() => setPairing(true)}>{t('live.pair')}</Button>}
        </nav>
      </header>
      {pairing && (
        <Suspense>
          <Pairing room={room} onClose={() => setPairing(false)} />
        </Suspense>
      )}
      {problem && <Alert type="error" showIcon title={problemText(problem)} />}
      {why && <Alert type={controls ? 'warning' : 'info'} showIcon title={why} data-testid="no-control" />}
      <div className="live-grid">
        <Queue
          roomId={room.id}
          state={state}
          pace={pace}
          writes={may('thread.write') && able}
          rundown={rundown}
          air={air}
        />
        {state ? (
          <Stage
            state={state}
            // Reports end with the line; the text goes on by the room's schedule.
            displays={online ? displays : NONE}
            able={able}
            busy={busy}
            order={order}
            ahead={ahead}
          />
        ) : (
          <section className="live-stage" aria-label={t('live.loading')}>
            <Skeleton active />
          </section>
        )}
        <section
          className="live-side"
          // Not the name of a part of it: places to go to are told apart by their names.
          aria-label={`${t('live.note')} · ${t('live.displays')}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by keys, too, by those who may touch nothing in it
          tabIndex={0}
        >
          {state && <Note state={state} able={able} busy={busy.has('note')} order={order} />}
          {state && <Displays state={state} displays={displays} able={able} online={online} order={order} />}
          <AirRule room={room} />
        </section>
      </div>
    </main>
  )
}
