import { CheckCircleFilled, LoadingOutlined, WarningFilled } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { LOST_AFTER_SECONDS, useDesk, useSecondsDown, useSocketStatus } from '../shared/desk'

const QUIET_SECONDS = 2

/** How the line is: nothing to say for two seconds, then a pill, then (see ConnectionBanner) a banner. */
export function Connection() {
  const { t } = useTranslation()
  const { socket } = useDesk()
  const status = useSocketStatus()
  const down = useSecondsDown()
  if (status.state === 'open' || (status.state === 'reconnecting' && down < QUIET_SECONDS)) {
    const ms = socket.clock.roundTrip
    return (
      <span className="connection number" role="status" data-testid="connection" data-state="open">
        <CheckCircleFilled className="ok" />
        {t('connection.open')}
        {ms !== undefined && ` ${Math.round(ms)} ms`}
      </span>
    )
  }
  if (status.state === 'closed') {
    return (
      <span className="state state-urgent" role="status" data-testid="connection" data-state="closed">
        <WarningFilled />
        {t('connection.closed')}
        <Button size="small" type="link" onClick={() => socket.connect()}>
          {t('connection.again')}
        </Button>
      </span>
    )
  }
  return (
    <span
      className="state state-pending number"
      role="status"
      data-testid="connection"
      data-state={status.state}
    >
      <LoadingOutlined />
      {status.state === 'reconnecting'
        ? t('connection.reconnecting', { seconds: down })
        : t('connection.connecting')}
    </span>
  )
}

export function ConnectionBanner() {
  const { t } = useTranslation()
  const down = useSecondsDown()
  if (down < LOST_AFTER_SECONDS) return null
  return (
    <div className="banner" role="alert">
      <WarningFilled /> {t('connection.lost')}
    </div>
  )
}
