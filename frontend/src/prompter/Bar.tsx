import { useEffect, useState } from 'react'
import type { SocketStatus } from '../wire/socket'
import { isPaired, signIn } from './api'
import { Icon } from './Icon'
import { minutes, words } from './i18n'
import type { Place } from './player'
import { isEmpty } from './stage'
import { isBound, useDesk } from './store'

const TICK_MS = 250
const QUIET_MS = 2000
const SIGNED_OUT = [4501, 4502]
const TOO_MANY = 4504

/** The present time, renewed four times a second: everything here that counts hangs on it. */
export function useTick(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  return now
}

/** Whether the line has been gone long enough to say so. */
const isOffline = (
  status: SocketStatus,
  now: number,
): status is Extract<SocketStatus, { state: 'reconnecting' }> =>
  status.state === 'reconnecting' && now - status.since >= QUIET_MS

/** The amber edge and its words while no new script can arrive; the text goes on meanwhile. */
export function Connection() {
  const now = useTick()
  const status = useDesk((desk) => desk.status)
  const t = words(useDesk((desk) => desk.settings.language))
  const offline = isOffline(status, now)
  if (!offline && status.state !== 'closed') return null
  return (
    <>
      <div className="edge" />
      {/* The clock in it changes each second: announced once by the label, not by its ticking. */}
      <aside className="notice">
        <Icon name="offline" />
        {offline && (
          <>
            <span role="status">{t.offline}</span>
            <span className="figures">{minutes((now - status.since) / 1000)}</span>
            <span>· {t.offlineHint}</span>
          </>
        )}
        {status.state === 'closed' && SIGNED_OUT.includes(status.code) && (
          <button type="button" onClick={() => signIn()}>
            {isPaired ? t.pairAgain : t.signInAgain}
          </button>
        )}
        {status.state === 'closed' && !SIGNED_OUT.includes(status.code) && (
          <span role="status">{status.code === TOO_MANY ? t.tooMany : t.stopped}</span>
        )}
      </aside>
    </>
  )
}

/** How far the text has been read. */
export function Progress({ place }: { place: () => Place }) {
  useTick()
  const t = words(useDesk((desk) => desk.settings.language))
  const percent = Math.round(place().share * 100)
  return (
    <div
      className="progress"
      role="progressbar"
      aria-label={t.progress}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <div style={{ transform: `scaleX(${place().share})` }} />
    </div>
  )
}

export interface BarActions {
  toggle(): void
  pace(by: number): void
  menu(): void
  take(): void
}

/** The docked script: it came while another one was being read and waits for the reader. */
export function Next({ take }: { take: () => void }) {
  const next = useDesk((desk) => desk.stage.next)
  const bound = useDesk(isBound)
  const t = words(useDesk((desk) => desk.settings.language))
  const name = next && (isEmpty(next) ? t.cleared : next.title || next.content.trim().slice(0, 16))
  return (
    <>
      {/* Beside the button: a status inside it would be no part of its name. */}
      <span role="status" className="unseen">
        {name && `${t.next}${t.colon}${name}`}
      </span>
      {name && (
        <button type="button" className="next" onClick={take} disabled={bound}>
          <Icon name="next" />
          <span className="next-name">
            {t.next}
            {t.colon}
            {name}
          </span>
          {!bound && (
            <span className="take">
              {t.takeNext} <kbd>N</kbd>
            </span>
          )}
        </button>
      )}
    </>
  )
}

/** What the reader needs to know and reach while reading. */
export function Bar({
  actions,
  room,
  children,
}: {
  actions: BarActions
  room: string
  /** What else is told of the text. */
  children: React.ReactNode
}) {
  const now = useTick()
  const desk = useDesk()
  const { stage, pace, status, settings } = desk
  const { upcoming } = desk.live
  const bound = isBound(desk)
  const t = words(settings.language)
  const empty = isEmpty(stage.shown)
  const running = stage.motion === 'running'
  const offline = isOffline(status, now)
  const line =
    offline || status.state === 'closed' ? t.offline : status.state === 'open' ? t.connected : t.connecting
  return (
    <div className="bar" role="toolbar" aria-label={t.prompter}>
      <div className="about">
        <span className={offline || status.state === 'closed' ? 'line lost' : 'line'}>
          {status.state !== 'connecting' && (
            <Icon name={offline || status.state === 'closed' ? 'offline' : 'check'} />
          )}
          <span>{line}</span>
        </span>
        <span className="title">{stage.shown?.title || room}</span>
        {upcoming && !stage.next && (
          <span className="title upcoming">
            {t.next}
            {t.colon}
            {upcoming}
          </span>
        )}
        {children}
      </div>
      <div className="controls">
        {!bound && (
          <button type="button" aria-label={t.slower} onClick={() => actions.pace(-5)}>
            <Icon name="minus" />
          </button>
        )}
        <span className="pace figures">
          {pace} {t.perMinute}
        </span>
        {!bound && (
          <>
            <button type="button" aria-label={t.faster} onClick={() => actions.pace(5)}>
              <Icon name="plus" />
            </button>
            <button
              type="button"
              className="go"
              disabled={empty}
              onClick={actions.toggle}
              aria-label={running ? t.pause : t.play}
            >
              <Icon name={running ? 'pause' : 'play'} />
              <span>{running ? t.pause : t.play}</span>
            </button>
          </>
        )}
        <button type="button" aria-label={t.menu} aria-haspopup="dialog" onClick={actions.menu}>
          <Icon name="menu" />
        </button>
      </div>
    </div>
  )
}
