import {
  CaretRightOutlined,
  MinusOutlined,
  PauseOutlined,
  PlusOutlined,
  StepBackwardOutlined,
  StepForwardOutlined,
} from '@ant-design/icons'
import { Button, Checkbox, Slider } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PrompterState, Transport as RoomTransport } from '../generated/protocol'
import type { Script } from '../prompter/script'
import { PACE, paceWithin } from '../prompter/settings'
import type { Ahead } from '../room/ahead'
import { placeOfRoom } from '../room/place'
import { type Section, secondsOf, sectionBeside, spokenLeft } from '../room/sections'
import type { Order } from '../room/useRoom'
import { clockTime } from '../shared/format'
import { isPageKey } from '../shared/keys'
import { recall, remember } from '../shared/storage'
import { useKeydown } from '../shared/useKeydown'
import { Target } from './Target'

const COUNTDOWN_MS = 3000
const COUNTS = 'cuedesk:live-countdown'

/** Play, pace, sections, dark: each shows what the server says, and asks it for another. */
export function Transport({
  state,
  transport,
  script,
  sections,
  now,
  able,
  dark,
  order,
  ahead,
}: {
  state: PrompterState
  transport: RoomTransport
  script: Script
  sections: readonly Section[]
  now: number
  /** Whether there is something to move, and this person may. */
  able: boolean
  /** Whether this person may make the screens dark. */
  dark: boolean
  order: (what: Order) => Promise<boolean>
  ahead: Ahead
}) {
  const { t } = useTranslation()
  const [counts, setCounts] = useState(() => recall(COUNTS) === 'yes')
  const [drawn, setDrawn] = useState<number>()
  const { version, playing, pace } = transport
  const place = placeOfRoom(transport, now)
  const ended = playing && place >= transport.length
  const running = playing && !ended
  const left = secondsOf(spokenLeft(script, sections, place), pace)

  const toggle = () =>
    void order(
      (ahead.of(transport).playing ?? running)
        ? { action: 'pause', version }
        : {
            action: 'play',
            version,
            ...(ended || place >= transport.length ? { value: 0 } : {}),
            ...(counts ? { after_ms: COUNTDOWN_MS } : {}),
          },
    )
  const setPace = (value: number) => void order({ action: 'speed', version, value: paceWithin(value) })
  const faster = (by: number) => setPace((ahead.of(transport).pace ?? pace) + by)
  const step = (by: 1 | -1) => {
    const value = sectionBeside(sections, ahead.of(transport).place ?? place, by)
    if (value !== undefined) void order({ action: 'seek', version, value })
  }
  const blank = () =>
    void order({ action: 'blank', version, value: (ahead.of(transport).dark ?? state.blank) ? 0 : 1 })

  const clicked = useRef(false)
  useEffect(() => {
    const byPointer = () => {
      clicked.current = true
    }
    const byKey = ({ key }: KeyboardEvent) => {
      if (key === 'Tab') clicked.current = false
    }
    window.addEventListener('pointerdown', byPointer, true)
    window.addEventListener('keydown', byKey, true)
    return () => {
      window.removeEventListener('pointerdown', byPointer, true)
      window.removeEventListener('keydown', byKey, true)
    }
  }, [])
  useKeydown((event) => {
    // What has a meaning of its own for these keys keeps it: buttons, sliders, lists that scroll.
    const target = event.target instanceof HTMLElement ? event.target : undefined
    if (!isPageKey(event) || event.repeat) return
    const control = target?.closest<HTMLElement>('button, a, input, [role=slider]')
    // Space plays after a click, wherever that was; who came to a button by Tab presses it.
    const left = event.key === ' ' && clicked.current
    if (left) control?.blur()
    const own = (control && !left) || target?.closest('[role=menu], [role=combobox]')
    const scrolls = event.key.startsWith('Arrow') && target?.closest('[tabindex="0"]')
    const act = keyed(event, Boolean(own || scrolls))
    if (!act || !(act === 'blank' ? dark : able)) return
    event.preventDefault()
    if (act === 'toggle') toggle()
    else if (act === 'blank') blank()
    else if (act === 'back' || act === 'on') step(act === 'on' ? 1 : -1)
    else faster(act)
  })

  return (
    <div className="live-transport" role="toolbar" aria-label={t('live.transport')}>
      <div className="row">
        <Button
          icon={<StepBackwardOutlined />}
          disabled={!able}
          aria-label={t('live.previous')}
          title={`${t('live.previous')} [`}
          onClick={() => step(-1)}
        />
        <Button
          type="primary"
          size="large"
          icon={running ? <PauseOutlined /> : <CaretRightOutlined />}
          disabled={!able}
          onClick={toggle}
          data-testid="play"
          data-playing={running}
        >
          {running ? t('live.pause') : t('live.play')} <kbd>Space</kbd>
        </Button>
        <Button
          icon={<StepForwardOutlined />}
          disabled={!able}
          aria-label={t('live.next')}
          title={`${t('live.next')} ]`}
          onClick={() => step(1)}
        />
        <span className="number live-left" data-testid="time-left">
          {t('live.left', { time: clockTime(left) })}
        </span>
        <Button
          danger={state.blank}
          disabled={!dark}
          onClick={blank}
          aria-pressed={state.blank}
          data-testid="blank"
        >
          {state.blank ? t('live.unblank') : t('live.blank')} <kbd>B</kbd>
        </Button>
        <Checkbox
          checked={counts}
          disabled={!able}
          onChange={({ target }) => {
            setCounts(target.checked)
            remember(COUNTS, target.checked ? 'yes' : '')
          }}
        >
          {t('live.countdown')}
        </Checkbox>
      </div>
      <div className="row live-pace">
        <Button
          icon={<MinusOutlined />}
          disabled={!able}
          aria-label={t('live.slower')}
          title={`${t('live.slower')} ↓`}
          onClick={() => faster(-5)}
        />
        <Slider
          aria-label={t('live.pace')}
          ariaLabelForHandle={t('live.pace')}
          ariaValueTextFormatterForHandle={(value) => t('live.paceValue', { pace: value })}
          min={PACE.least}
          max={PACE.most}
          step={5}
          disabled={!able}
          tooltip={{ formatter: null }}
          value={drawn ?? pace}
          onChange={setDrawn}
          onChangeComplete={(value) => {
            setDrawn(undefined)
            setPace(value)
          }}
        />
        <Button
          icon={<PlusOutlined />}
          disabled={!able}
          aria-label={t('live.faster')}
          title={`${t('live.faster')} ↑`}
          onClick={() => faster(5)}
        />
        <span className="number" data-testid="pace">
          {t('live.paceValue', { pace: drawn ?? pace })}
        </span>
        <Target transport={transport} now={now} left={left} able={able} order={order} />
      </div>
    </div>
  )
}

function keyed(event: KeyboardEvent, own: boolean): 'toggle' | 'blank' | 'back' | 'on' | number | undefined {
  const big = event.shiftKey ? 4 : 1
  switch (event.key.length === 1 ? event.key.toLowerCase() : event.key) {
    case ' ':
      return own ? undefined : 'toggle'
    case 'ArrowUp':
      return own ? undefined : 5 * big
    case 'ArrowDown':
      return own ? undefined : -5 * big
    case '[':
      return 'back'
    case ']':
      return 'on'
    case 'b':
      return 'blank'
    default:
      return undefined
  }
}
