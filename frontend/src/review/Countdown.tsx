import '../i18n/addWork'
import { ClockCircleOutlined, WarningFilled } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import { useSecondsUntil } from '../shared/desk'
import { clockTime } from '../shared/format'

const URGENT_SECONDS = 60
const ANNOUNCE_SECONDS = 30

/** Time left to decide, by the server's clock. */
export function Countdown({ until }: { until: string }) {
  const { t } = useTranslation()
  const left = useSecondsUntil(until)
  const urgent = left <= URGENT_SECONDS
  return (
    <span className={`state state-${urgent ? 'urgent' : 'pending'} number`} data-testid="countdown">
      {urgent ? <WarningFilled /> : <ClockCircleOutlined />}
      {left > 0 ? t('review.left', { time: clockTime(left) }) : t('review.timeUp')}
      <span className="visually-hidden" aria-live="assertive">
        {left > 0 && left <= ANNOUNCE_SECONDS ? t('review.hurry') : ''}
      </span>
    </span>
  )
}
