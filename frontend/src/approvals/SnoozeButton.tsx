import '../i18n/addApprovals'
import { ClockCircleOutlined } from '@ant-design/icons'
import { Button, Select, Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { MINUTES } from './snooze'

/** Puts a script off for some minutes, for oneself alone. */
export function SnoozeButton(props: {
  minutes: number
  onMinutes: (minutes: number) => void
  urgent: boolean
  onSnooze: () => void
}) {
  const { t } = useTranslation()
  const { minutes, onMinutes, urgent, onSnooze } = props
  return (
    <span className="row snooze">
      <Tooltip title={urgent ? t('approvalDesk.snoozeUrgent') : t('approvalDesk.snoozeHint')}>
        <Button
          size="small"
          icon={<ClockCircleOutlined />}
          disabled={urgent}
          onClick={onSnooze}
          data-testid="snooze"
        >
          {t('approvalDesk.snooze')}
          <kbd>S</kbd>
        </Button>
      </Tooltip>
      <Select
        size="small"
        aria-label={t('approvalDesk.snoozeFor')}
        value={minutes}
        onChange={onMinutes}
        options={MINUTES.map((value) => ({
          value,
          label: t('approvalDesk.snoozeMinutes', { minutes: value }),
        }))}
      />
    </span>
  )
}
