import {
  CaretRightFilled,
  FastBackwardOutlined,
  FastForwardOutlined,
  LeftOutlined,
  PauseOutlined,
  RightOutlined,
} from '@ant-design/icons'
import { Button } from 'antd'
import type { KeyboardEvent } from 'react'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { nearest } from './axis'
import { kinds, type Moment, type MomentKind } from './moments'
import { type Playback, speeds } from './usePlayback'

interface Props {
  moments: readonly Moment[]
  places: readonly number[]
  playback: Playback
  /** Kinds at which one stops by hand. */
  stops: ReadonlySet<MomentKind>
  onStops: (stops: ReadonlySet<MomentKind>) => void
  /** What happened at the present moment, in words. */
  said: string
  /** Its time of day. */
  time: string
}

/** The moments of a thread on one line, a lane for each kind: go along it by pointer or keys, or let it play. */
export function TimeLine({ moments, places, playback, stops, onStops, said, time }: Props) {
  const { t } = useTranslation()
  const { index, playing, speed } = playback
  const length = places.at(-1) ?? 0
  const toggleKind = (kind: MomentKind) => {
    const next = new Set(stops)
    if (!next.delete(kind)) next.add(kind)
    onStops(next)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (playbackKey(event.nativeEvent, playback, moments.length)) event.preventDefault()
  }
  const button = (label: string, icon: React.ReactNode, act: () => void, id: string) => (
    <Button type="text" icon={icon} aria-label={label} title={label} onClick={act} data-testid={id} />
  )
  const last = moments.length - 1
  return (
    <section className="time-line" aria-label={t('replay.scrubber')}>
      <div className="row">
        {button(t('replay.first'), <FastBackwardOutlined />, () => playback.go(0), 'first')}
        {button(t('replay.previous'), <LeftOutlined />, () => playback.move(-1), 'previous')}
        <Button
          type="primary"
          icon={playing ? <PauseOutlined /> : <CaretRightFilled />}
          onClick={playback.toggle}
          data-testid="play"
        >
          {t(playing ? 'replay.pause' : 'replay.play')}
        </Button>
        {button(t('replay.next'), <RightOutlined />, () => playback.move(1), 'next')}
        {button(t('replay.last'), <FastForwardOutlined />, () => playback.go(last), 'last')}
        <fieldset className="speeds" aria-label={t('replay.speed')}>
          {speeds.map((one) => (
            <button
              type="button"
              key={one}
              className="speed number"
              aria-pressed={one === speed}
              onClick={() => playback.setSpeed(one)}
            >
              {one}×
            </button>
          ))}
        </fieldset>
        <span className="muted number" data-testid="position">
          {t('replay.position', { n: index + 1, total: moments.length })}
        </span>
      </div>
      <div className="lanes">
        <fieldset className="lane-names" aria-label={t('replay.lanes')}>
          {kinds.map((kind) => (
            <label key={kind} className="lane-name">
              <input type="checkbox" checked={stops.has(kind)} onChange={() => toggleKind(kind)} />
              <i className={`lane-mark mark-of-${kind}`} aria-hidden="true" />
              {t(`replayKind.${kind}`)}
            </label>
          ))}
        </fieldset>
        <div className="track-box">
          <Marks moments={moments} places={places} stops={stops} />
          <div
            className="cursor"
            style={{ insetInlineStart: percent(places[index] ?? 0, length) }}
            aria-hidden="true"
          />
          <input
            type="range"
            className="scrubber"
            min={0}
            max={length}
            step="any"
            value={places[index] ?? 0}
            aria-label={t('replay.scrubber')}
            aria-valuetext={`${time} ${said}`}
            onChange={(event) => playback.go(nearest(places, Number(event.target.value)))}
            onKeyDown={onKeyDown}
            data-testid="scrubber"
          />
        </div>
      </div>
    </section>
  )
}

/** Carry out a key of the page; false when it is none. */
export function playbackKey(event: globalThis.KeyboardEvent, playback: Playback, count: number): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false
  if (event.key === 'ArrowLeft' || event.key === 'ArrowDown') playback.move(-1)
  else if (event.key === 'ArrowRight' || event.key === 'ArrowUp') playback.move(1)
  else if (event.key === 'Home') playback.go(0)
  else if (event.key === 'End') playback.go(count - 1)
  else if (event.key === ' ') {
    if (!event.repeat) playback.toggle()
  } else {
    const speed = { '1': speeds[0], '2': speeds[1], '3': speeds[2] }[event.key]
    if (speed === undefined) return false
    playback.setSpeed(speed)
  }
  return true
}

/** Until which moment a text that comes on a screen here stays there; `undefined` for all else. */
function endOnScreen(moments: readonly Moment[], moment: Moment): number | undefined {
  if (moment.source !== 'airing' || moment.phase !== 'shown') return undefined
  const end = moments.findIndex(
    (one) => one.source === 'airing' && one.phase === 'ended' && one.airing === moment.airing,
  )
  if (end >= 0) return end
  return moment.airing.on_screen ? moments.length - 1 : undefined
}

const percent = (place: number, length: number) => `${length > 0 ? (place / length) * 100 : 0}%`

const LANE = 24

const Marks = memo(function Marks({ moments, places, stops }: Pick<Props, 'moments' | 'places' | 'stops'>) {
  const length = places.at(-1) ?? 0
  return (
    <svg className="marks" height={kinds.length * LANE} width="100%" aria-hidden="true">
      {kinds.map((kind, lane) => (
        <line
          key={kind}
          className="lane-line"
          x1="0"
          x2="100%"
          y1={lane * LANE + LANE / 2}
          y2={lane * LANE + LANE / 2}
        />
      ))}
      {moments.map((moment, place) => {
        const end = endOnScreen(moments, moment)
        if (end === undefined) return null
        const from = places[place] ?? 0
        return (
          <rect
            key={`bar-${moment.key}`}
            className={`on-air-bar mark-of-air${stops.has('air') ? '' : ' mark-off'}`}
            x={percent(from, length)}
            y={kinds.indexOf('air') * LANE + LANE / 2 - 3}
            width={percent((places[end] ?? from) - from, length)}
            height={6}
          />
        )
      })}
      {moments.map(({ key, kind }, place) => (
        <rect
          key={key}
          className={`mark-of-${kind}${stops.has(kind) ? '' : ' mark-off'}`}
          x={percent(places[place] ?? 0, length)}
          y={kinds.indexOf(kind) * LANE + 5}
          width={3}
          height={LANE - 10}
          rx={1}
          transform="translate(-1.5 0)"
        />
      ))}
    </svg>
  )
})
