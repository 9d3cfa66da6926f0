import {
  CheckCircleFilled,
  DisconnectOutlined,
  EditOutlined,
  EyeInvisibleOutlined,
  HistoryOutlined,
  QuestionCircleOutlined,
  UserOutlined,
} from '@ant-design/icons'
import { Button, Empty, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DisplaySettings, DisplayView, PrompterState } from '../generated/protocol'
import { SIZE, sizeWithin } from '../prompter/settings'
import { type Health, healthOf, nameOf, onStage, placeOfDisplay, placeOfRoom } from '../room/place'
import { type Order, useServerTime } from '../room/useRoom'
import { useDesk } from '../shared/desk'
import { clockTime } from '../shared/format'

const looks = {
  fine: ['approve', CheckCircleFilled],
  alone: ['edit', UserOutlined],
  behind: ['pending', HistoryOutlined],
  hidden: ['urgent', EyeInvisibleOutlined],
  away: ['expired', DisconnectOutlined],
  unheard: ['expired', QuestionCircleOutlined],
} as const satisfies Record<Health | 'unheard', readonly [string, unknown]>

/** Characters that two places may be apart and still count as one. */
const IN_STEP = 6
const TICK_MS = 1000

/** Every display of the room: how it is, where it is, and how it shows the text. */
export function Displays({
  state,
  displays,
  able,
  online,
  order,
}: {
  state: PrompterState
  displays: readonly DisplayView[]
  able: boolean
  /** Whether this page hears of them. */
  online: boolean
  order: (what: Order) => Promise<boolean>
}) {
  const { t } = useTranslation()
  const { socket } = useDesk()
  const now = useServerTime(socket, TICK_MS)
  return (
    <section aria-labelledby="displays-title">
      <h2 id="displays-title">{t('live.displays')}</h2>
      {displays.length === 0 && (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('live.displaysNone')}>
          <p className="muted">{t('live.displaysNoneHint')}</p>
        </Empty>
      )}
      <ul className="live-displays">
        {/* Those that are gone are told of below: what can still be done is in view. */}
        {[...displays]
          .sort((one, other) => Number(one.away) - Number(other.away))
          .map((display) => (
            <Display
              key={display.id}
              name={nameOf(display, displays, t('live.unnamed'))}
              state={state}
              display={display}
              now={now}
              able={able}
              online={online}
              order={order}
            />
          ))}
      </ul>
    </section>
  )
}

function Display({
  name,
  state,
  display,
  now,
  able,
  online,
  order,
}: {
  name: string
  state: PrompterState
  display: DisplayView
  now: number
  able: boolean
  online: boolean
  order: (what: Order) => Promise<boolean>
}) {
  const { t } = useTranslation()
  const [naming, setNaming] = useState<string>()
  const stage = onStage(state).version
  const health = online ? healthOf(display, stage) : 'unheard'
  const [tone, Icon] = looks[health]
  const { transport } = state
  const away = Math.max(0, (now - display.seen_ms) / 1000)
  const off =
    transport && display.version === stage && !display.away
      ? Math.round(placeOfDisplay(display, transport, now) - placeOfRoom(transport, now))
      : undefined
  const hint = t(`live.healthHint.${health}`, { time: clockTime(away) })
  const set = (settings: DisplaySettings) =>
    void order({ action: 'display', version: transport?.version ?? 0, display_id: display.id, settings })
  const controls = able && !display.away
  const facts = [
    off !== undefined &&
      (Math.abs(off) <= IN_STEP
        ? t('live.inStep')
        : t(off > 0 ? 'live.ahead' : 'live.behindBy', { count: Math.abs(off) })),
    t('live.paceValue', { pace: display.pace }),
    display.round_trip_ms !== null && t('live.roundTrip', { ms: Math.round(display.round_trip_ms) }),
    display.battery !== null &&
      t(display.charging ? 'live.charging' : 'live.battery', { percent: Math.round(display.battery * 100) }),
  ].filter(Boolean)
  return (
    <li data-testid="display" data-health={health} data-display={display.id}>
      <div className="row spread">
        {naming === undefined ? (
          <span className="row">
            <strong>{name}</strong>
            <span className="muted">{display.person.name}</span>
            <Button
              size="small"
              type="text"
              icon={<EditOutlined />}
              disabled={!controls}
              aria-label={t('live.rename', { name })}
              onClick={() => setNaming(display.name)}
            />
          </span>
        ) : (
          <form
            className="row"
            onSubmit={(event) => {
              event.preventDefault()
              set({ name: naming.trim() })
              setNaming(undefined)
            }}
          >
            <Input
              autoFocus
              size="small"
              aria-label={t('live.rename', { name })}
              maxLength={40}
              value={naming}
              onChange={({ target }) => setNaming(target.value)}
              onKeyDown={({ key }) => key === 'Escape' && setNaming(undefined)}
              style={{ width: 140 }}
            />
            <Button size="small" htmlType="submit">
              {t('live.renameSave')}
            </Button>
          </form>
        )}
        <span className={`state state-${tone}`} title={hint} data-testid="health">
          <Icon />
          {t(`live.health.${health}`)}
        </span>
      </div>
      <p className="muted number">{display.away || !online ? hint : facts.join(' · ')}</p>
      <div className="row">
        <Button
          size="small"
          disabled={!controls || display.size <= SIZE.least}
          aria-label={t('live.smaller', { name })}
          onClick={() => set({ size: sizeWithin(display.size - 4) })}
        >
          A−
        </Button>
        <span className="number muted">{t('live.size', { size: display.size })}</span>
        <Button
          size="small"
          disabled={!controls || display.size >= SIZE.most}
          aria-label={t('live.bigger', { name })}
          onClick={() => set({ size: sizeWithin(display.size + 4) })}
        >
          A+
        </Button>
        <Button
          size="small"
          disabled={!controls}
          aria-label={t('live.autoOf', { name })}
          onClick={() => set({ size: 0 })}
        >
          {t('live.auto')}
        </Button>
        {(
          [
            ['mirror_h', display.mirror_h, 'live.mirrorH', 'live.mirrorHOf'],
            ['mirror_v', display.mirror_v, 'live.mirrorV', 'live.mirrorVOf'],
            ['following', display.following, 'live.follow', 'live.followOf'],
          ] as const
        ).map(([setting, on, word, label]) => (
          <Button
            key={setting}
            size="small"
            type={on ? 'primary' : 'default'}
            disabled={!controls}
            aria-pressed={on}
            aria-label={t(label, { name })}
            onClick={() => set({ [setting]: !on } as DisplaySettings)}
          >
            {t(word)}
          </Button>
        ))}
      </div>
    </li>
  )
}
