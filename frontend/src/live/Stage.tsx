import { PauseCircleFilled, PlayCircleFilled, StopFilled } from '@ant-design/icons'
import { Button, Empty } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { DisplayView, PrompterState } from '../generated/protocol'
import type { Ahead } from '../room/ahead'
import { leading, nameOf, onStage, placeOfDisplay, placeOfRoom, waiting } from '../room/place'
import { type Mark, Reading, useSections } from '../room/Reading'
import { secondsOf } from '../room/sections'
import { type Order, useCalm, useServerTime } from '../room/useRoom'
import { useDesk } from '../shared/desk'
import { clockTime } from '../shared/format'
import { isPageKey } from '../shared/keys'
import { useKeydown } from '../shared/useKeydown'
import { Transport } from './Transport'

const TICK_MS = 250
const CUT_MS = 3000

/** What the displays really show, and where; and how it goes on. */
export function Stage({
  state,
  displays,
  able,
  busy,
  order,
  ahead,
}: {
  state: PrompterState
  displays: readonly DisplayView[]
  able: boolean
  busy: ReadonlySet<string>
  order: (what: Order) => Promise<boolean>
  ahead: Ahead
}) {
  const { t } = useTranslation()
  const { socket } = useDesk()
  const calm = useCalm()
  const read = onStage(state)
  const waits = waiting(state)
  const { transport } = state
  const { script, sections } = useSections(read)
  const empty = read.content.trim() === ''
  const now = useServerTime(socket, TICK_MS)

  const marks = useMemo<Mark[]>(() => {
    if (!transport) return []
    const there = displays.filter(({ away, version }) => !away && version === read.version)
    const leads = leading(there, read.version)
    const lines = there.map((display) => ({
      id: display.id,
      label: nameOf(display, displays, t('live.unnamed')),
      leads: display === leads,
      at: () => placeOfDisplay(display, transport, socket.clock.now()),
    }))
    if (lines.length > 0) return lines
    const room = () => placeOfRoom(transport, socket.clock.now())
    return [{ id: 'room', label: t('live.lineRoom'), leads: true, at: room }]
  }, [transport, displays, read.version, socket, t])

  const seek = (value: number) => void order({ action: 'seek', version: transport?.version ?? 0, value })
  const bring = (action: 'cut' | 'take') =>
    void order({ action, version: state.version, ...(action === 'cut' ? { after_ms: CUT_MS } : {}) })

  // I: what waits is announced and cut in; with Shift it is there at once.
  useKeydown((event) => {
    if (event.key.toLowerCase() !== 'i' || event.repeat || !isPageKey(event) || !waits || !able) return
    event.preventDefault()
    bring(event.shiftKey ? 'take' : 'cut')
  })

  return (
    <section className="live-stage" aria-labelledby="stage-title" data-blank={state.blank || undefined}>
      <header className="row spread">
        <h2 id="stage-title">{empty ? t('live.nothing') : read.title || t('live.nothing')}</h2>
        <StageState state={state} now={now} />
      </header>
      {waits && (
        <div className="live-waits" role="status" data-testid="waits">
          <span>
            <strong>{t('live.waits', { title: waits.title })}</strong>{' '}
            <span className="muted">{t('live.waitsHint')}</span>
          </span>
          <span className="row">
            <Button
              type="primary"
              disabled={!able}
              loading={busy.has('cut')}
              title={t('live.cutHint')}
              onClick={() => bring('cut')}
              data-testid="cut"
            >
              {t('live.cut')} <kbd>I</kbd>
            </Button>
            <Button
              danger
              disabled={!able}
              loading={busy.has('take')}
              title={t('live.takeHint')}
              onClick={() => bring('take')}
              data-testid="take"
            >
              {t('live.take')} <kbd>Shift I</kbd>
            </Button>
          </span>
        </div>
      )}
      {empty ? (
        <Empty className="live-empty" image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('live.nothing')}>
          <p className="muted">{t('live.nothingHint')}</p>
        </Empty>
      ) : (
        <Reading
          script={script}
          marks={marks}
          label={t('live.textOf', { title: read.title })}
          back={t('live.back')}
          calm={calm}
          onSeek={able ? seek : undefined}
          gutter={(place) => {
            const section = sections[place]
            if (!section) return null
            const time = clockTime(secondsOf(section.before, transport?.pace ?? state.pace))
            return able ? (
              <button
                type="button"
                className="live-time number"
                aria-label={t('live.section', { n: place + 1, title: section.title })}
                onClick={() => seek(section.offset)}
              >
                {time}
              </button>
            ) : (
              <span className="live-time number muted">{time}</span>
            )
          }}
        />
      )}
      {transport && (
        <Transport
          state={state}
          transport={transport}
          script={script}
          sections={sections}
          now={now}
          able={able && !empty}
          dark={able}
          order={order}
          ahead={ahead}
        />
      )}
    </section>
  )
}

/** In one word what the room does; by the server, never by what was asked for. */
function StageState({ state, now }: { state: PrompterState; now: number }) {
  const { t } = useTranslation()
  const { transport, blank } = state
  if (!transport || transport.length === 0) return null
  const place = placeOfRoom(transport, now)
  const ended = transport.playing && (transport.rate < 0 ? place <= 0 : place >= transport.length)
  const ahead = transport.playing ? Math.ceil((transport.at_ms - now) / 1000) : 0
  const word = ahead > 0 ? 'starting' : ended ? 'ended' : transport.playing ? 'playing' : 'paused'
  return (
    <span className="row" data-testid="stage-state" data-state={blank ? 'dark' : word}>
      {blank && (
        <span className="state state-urgent">
          <StopFilled />
          {t('live.dark')}
        </span>
      )}
      <span
        className={`state state-${word === 'playing' ? 'live' : word === 'paused' ? 'pending' : 'writing'}`}
      >
        {word === 'playing' ? <PlayCircleFilled /> : <PauseCircleFilled />}
        {t(`live.${word}`, { seconds: ahead })}
      </span>
    </span>
  )
}
