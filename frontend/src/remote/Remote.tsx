import { useCallback, useEffect, useMemo, useState } from 'react'
import { isPaired, type RoomEntry, signIn } from '../prompter/api'
import { useWakeLock } from '../prompter/screen'
import { PACE } from '../prompter/settings'
import { leading, nameOf, onStage, placeOfDisplay, placeOfRoom, waiting } from '../room/place'
import { type Mark, Reading, useSections } from '../room/Reading'
import { secondsOf, sectionAt, sectionBeside, spokenLeft } from '../room/sections'
import { type Order, useCalm, useLine, useOrders, useRoom, useServerTime } from '../room/useRoom'
import { clockTime } from '../shared/format'
import { DeskSocket } from '../wire/socket'
import { type Language, sentenceFor, words } from './i18n'
import { Sheet } from './Sheet'
import { useHold } from './useHold'
import { usePace } from './usePace'
import { useStay } from './useStay'

const SIGNED_OUT = [4501, 4502]
const CUT_MS = 3000
const QUIET_MS = 2000
const REFUSAL_MS = 5000
const NOTHING = { content: '' }

/** A room's teleprompter in the hand: what it shows, and the few things one does while looking elsewhere. */
export function Remote({
  room,
  controls,
  language,
  onLanguage,
  refused,
}: {
  room: RoomEntry
  controls: boolean
  language: Language
  onLanguage: () => void
  refused: () => void
}) {
  const t = words(language)
  const [socket] = useState(() => new DeskSocket(isPaired ? { url: '/ws?paired' } : {}))
  useEffect(() => {
    socket.connect()
    return () => socket.close()
  }, [socket])
  const { state, displays, problem } = useRoom(socket, room.id)
  const status = useLine(socket)
  const now = useServerTime(socket, 250)
  const calm = useCalm()
  const [wrong, setWrong] = useState<string>()
  const [sheet, setSheet] = useState(false)
  const stay = useStay()
  useWakeLock()
  useEffect(() => {
    if (problem && !problem.retryable) refused()
  }, [problem, refused])
  useEffect(() => {
    if (!wrong) return
    const timer = setTimeout(() => setWrong(undefined), REFUSAL_MS)
    return () => clearTimeout(timer)
  }, [wrong])
  const say = useCallback((error: unknown) => setWrong(sentenceFor(language, error)), [language])
  const { give, ahead: asked } = useOrders(socket, room.id, say)

  const read = state && onStage(state)
  const waits = state && waiting(state)
  const transport = state?.transport ?? undefined
  const version = transport?.version ?? 0
  const { script, sections } = useSections(read ?? NOTHING)
  const online = status.state === 'open'
  const empty = sections.length === 0
  const moves = controls && online && transport !== undefined && !empty
  // A paired remote moves the text on stage; what stands there is for people to say.
  const able = controls && !isPaired && online && transport !== undefined
  const place = transport ? placeOfRoom(transport, now) : 0
  const ended = transport?.playing === true && place >= transport.length
  const running = transport?.playing === true && !ended
  const ahead = transport?.playing ? Math.ceil((transport.at_ms - now) / 1000) : 0
  const order = (what: Omit<Order, 'version'>) => void give({ version, ...what } as Order)

  const tell = useCallback((value: number) => give({ action: 'speed', version, value }), [give, version])
  const { pace, change, settle } = usePace(transport?.pace ?? state?.pace ?? 240, tell)
  const slower = useHold(() => change(pace - 5), settle)
  const faster = useHold(() => change(pace + 5), settle)
  const left = secondsOf(spokenLeft(script, sections, place), pace)
  const here = sectionAt(sections, place)
  const step = (by: 1 | -1) => {
    const value = sectionBeside(sections, (transport && asked.of(transport).place) ?? place, by)
    if (value !== undefined) order({ action: 'seek', value })
  }
  const note = state?.note && state.note.until_ms > now ? state.note : undefined
  const there = displays.filter(({ away }) => !away)
  const stageVersion = read?.version ?? 0
  const marks = useMemo<Mark[]>(() => {
    if (!transport) return []
    // Without a line nothing is heard of the displays; the text goes on by the room's schedule.
    const lead = leading(
      displays.filter(({ away, version: shown }) => online && !away && shown === stageVersion),
      stageVersion,
    )
    const at = lead
      ? () => placeOfDisplay(lead, transport, socket.clock.now())
      : () => placeOfRoom(transport, socket.clock.now())
    return [
      {
        id: 'lead',
        label: !lead ? t.room : displays.length > 1 ? nameOf(lead, displays, t.screen) : '',
        leads: true,
        at,
      },
    ]
  }, [transport, displays, online, stageVersion, socket, t])
  const lost = status.state === 'reconnecting' && Date.now() - status.since >= QUIET_MS

  return (
    <main className="remote" data-testid="remote">
      <header>
        <button type="button" className="plain" onClick={stay.ask}>
          ← {t.leave}
        </button>
        <h1>{room.name}</h1>
        <button type="button" className="plain" onClick={onLanguage}>
          {t.language}
        </button>
      </header>
      <p className="line" role="status" data-state={status.state} data-testid="line">
        {status.state === 'closed' && SIGNED_OUT.includes(status.code) ? (
          <button type="button" onClick={() => signIn()}>
            {isPaired ? t.pairAgain : t.signInAgain}
          </button>
        ) : status.state === 'closed' ? (
          t.stopped
        ) : status.state === 'open' ? (
          `${t.connected} · ${there.length > 0 ? `${there.length} ${there.length === 1 ? t.oneScreen : t.screens}` : t.noScreens}`
        ) : lost || status.state === 'connecting' ? (
          lost ? (
            t.offline
          ) : (
            t.connecting
          )
        ) : (
          t.connected
        )}
        {online && !controls && ` · ${t.mayNot}`}
        {online && state && !transport && ` · ${t.notReady}`}
        {state?.blank && ` · ${t.dark}`}
      </p>
      {note && (
        <p className="note" role="status" data-testid="note">
          <span>
            {t.note}
            {t.colon}
            {note.text}
          </span>
          {!isPaired && (
            <button
              type="button"
              disabled={!able}
              onClick={() => order({ action: 'dismiss', note_id: note.id })}
            >
              {t.noteAway}
            </button>
          )}
        </p>
      )}
      {waits && (
        <div className="waits" data-testid="waits">
          <p role="status">
            {t.waits}
            {t.colon}
            {waits.title}
          </p>
          {!isPaired && (
            <>
              <button
                type="button"
                disabled={!able}
                onClick={() => void give({ action: 'cut', version: state.version, after_ms: CUT_MS })}
              >
                {t.cut}
              </button>
              <button
                type="button"
                disabled={!able}
                onClick={() => void give({ action: 'take', version: state.version })}
              >
                {t.take}
              </button>
            </>
          )}
        </div>
      )}
      <div className="preview">
        {empty ? (
          <p className="nothing">{state ? t.nothing : t.loading}</p>
        ) : (
          <Reading
            script={script}
            marks={marks}
            label={t.text}
            back={t.back}
            calm={calm}
            onSeek={moves ? (value) => order({ action: 'seek', value }) : undefined}
          />
        )}
      </div>
      <div className="controls" role="toolbar" aria-label={t.remote}>
        <p className="about">
          <strong>{read?.title}</strong>
          <span className="number" data-testid="left">
            {ahead > 0
              ? `${ahead} ${t.starting}`
              : ended
                ? t.ended
                : empty
                  ? ''
                  : t.left.replace('{}', clockTime(left))}
          </span>
          <span className="number">{empty ? '' : `${Math.max(0, here) + 1}/${sections.length}`}</span>
        </p>
        {state?.next_title && !waits && (
          <p className="upcoming">
            {t.upcoming}
            {t.colon}
            {state.next_title}
          </p>
        )}
        <div className="row">
          <button
            type="button"
            className="side"
            disabled={!moves}
            aria-label={t.previous}
            onClick={() => step(-1)}
          >
            <Step />
          </button>
          <button
            type="button"
            className="go"
            disabled={!moves}
            data-playing={running}
            data-testid="go"
            onClick={() =>
              order(
                ((transport && asked.of(transport).playing) ?? running)
                  ? { action: 'pause' }
                  : { action: 'play', ...(ended ? { value: 0 } : {}) },
              )
            }
          >
            {running ? t.pause : t.play}
          </button>
          <button
            type="button"
            className="side"
            disabled={!moves}
            aria-label={t.next}
            onClick={() => step(1)}
          >
            <Step on />
          </button>
        </div>
        <div className="row">
          <button type="button" className="hold" disabled={!moves} aria-label={t.slower} {...slower}>
            −
          </button>
          <input
            type="range"
            min={PACE.least}
            max={PACE.most}
            step={5}
            disabled={!moves}
            aria-label={t.pace}
            aria-valuetext={`${pace} ${t.perMinute}`}
            value={pace}
            onChange={(event) => change(Number(event.target.value))}
            onPointerUp={settle}
            onKeyUp={settle}
            onBlur={settle}
          />
          <button type="button" className="hold" disabled={!moves} aria-label={t.faster} {...faster}>
            +
          </button>
          <span className="number pace" data-testid="pace">
            {pace} {t.perMinute}
          </span>
        </div>
        <div className="row">
          <button type="button" className="wide" disabled={!moves} onClick={() => setSheet(true)}>
            {t.sections}
          </button>
          {!isPaired && (
            <button
              type="button"
              className="wide"
              disabled={!able}
              aria-pressed={state?.blank ?? false}
              onClick={() =>
                order({
                  action: 'blank',
                  value: ((transport && asked.of(transport).dark) ?? state?.blank) ? 0 : 1,
                })
              }
            >
              {state?.blank ? t.unblank : t.blank}
            </button>
          )}
        </div>
        {wrong && (
          <p className="wrong" role="alert">
            {t.refused}
            {wrong}
          </p>
        )}
      </div>
      {sheet && (
        <Sheet title={t.sections} onClose={() => setSheet(false)}>
          <ol>
            {sections.map((section, n) => (
              <li key={section.offset}>
                <button
                  type="button"
                  disabled={!moves}
                  aria-current={n === here || undefined}
                  onClick={() => {
                    order({ action: 'seek', value: section.offset })
                    setSheet(false)
                  }}
                >
                  <span className="number">{clockTime(secondsOf(section.before, pace))}</span> {section.title}
                </button>
              </li>
            ))}
          </ol>
          <button type="button" className="wide" onClick={() => setSheet(false)}>
            {t.close}
          </button>
        </Sheet>
      )}
      {stay.asking && (
        <Sheet title={t.leaveAsk} onClose={stay.stay}>
          <p>{t.leaveHint}</p>
          <div className="row">
            <button type="button" className="wide" onClick={stay.stay}>
              {t.stay}
            </button>
            <button type="button" className="wide" onClick={() => stay.leave(isPaired ? '/pair' : '/remote')}>
              {t.leave}
            </button>
          </div>
        </Sheet>
      )}
    </main>
  )
}

/** To the section before, or after. */
function Step({ on = false }: { on?: boolean }) {
  return (
    <svg viewBox="0 0 24 24" width="28" height="28" fill="currentColor" aria-hidden="true">
      <path d={on ? 'M6 5v14l10-7zM17 5h2.5v14H17z' : 'M18 5v14L8 12zM4.5 5H7v14H4.5z'} />
    </svg>
  )
}
