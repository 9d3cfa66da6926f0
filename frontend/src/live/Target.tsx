import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Transport } from '../generated/protocol'
import type { Order } from '../room/useRoom'
import { clockTime } from '../shared/format'
import { secondsOfClock } from './queue'

/** Read to the end in a given time: the server sets the pace for it; here how it stands now. */
export function Target({
  transport,
  now,
  left,
  able,
  order,
}: {
  transport: Transport
  now: number
  /** Seconds that the rest takes at the present pace. */
  left: number
  able: boolean
  order: (what: Order) => Promise<boolean>
}) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [wrong, setWrong] = useState(false)
  const { version, target_at_ms } = transport
  if (target_at_ms !== null) {
    const togo = (target_at_ms - now) / 1000
    const off = Math.round(left - togo)
    const time = clockTime(Math.abs(off))
    return (
      <span className="row number" data-testid="target">
        <span>{t('live.targetLeft', { time: clockTime(togo) })}</span>
        <span className={`state state-${off > 2 ? 'urgent' : 'approve'}`}>
          {Math.abs(off) <= 2
            ? t('live.onTime')
            : off > 0
              ? t('live.over', { time })
              : t('live.under', { time })}
        </span>
        <Button size="small" disabled={!able} onClick={() => void order({ action: 'target', version })}>
          {t('live.targetOff')}
        </Button>
      </span>
    )
  }
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault()
        const value = secondsOfClock(typed)
        setWrong(value === undefined)
        if (value === undefined) return
        void order({ action: 'target', version, value }).then((done) => done && setTyped(''))
      }}
    >
      <Input
        aria-label={t('live.targetIn')}
        placeholder={t('live.targetIn')}
        inputMode="numeric"
        maxLength={6}
        disabled={!able}
        status={wrong ? 'error' : ''}
        aria-invalid={wrong}
        value={typed}
        onChange={({ target }) => {
          setTyped(target.value)
          setWrong(false)
        }}
        style={{ width: 150 }}
      />
      <Button htmlType="submit" disabled={!able || typed.trim() === ''}>
        {t('live.targetSet')}
      </Button>
      {wrong && (
        <span className="bad" role="alert">
          {t('live.targetWrong')}
        </span>
      )}
    </form>
  )
}
