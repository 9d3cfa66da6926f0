import {
  CheckCircleFilled,
  ClockCircleOutlined,
  CloseCircleFilled,
  ExclamationCircleFilled,
  LoadingOutlined,
  MinusCircleOutlined,
  PauseCircleOutlined,
} from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import type { ShowItemView } from '../generated/protocol'

const looks = {
  planned: ['expired', PauseCircleOutlined],
  queued: ['writing', ClockCircleOutlined],
  writing: ['writing', LoadingOutlined],
  waiting: ['pending', ClockCircleOutlined],
  approved: ['approve', CheckCircleFilled],
  rejected: ['reject', CloseCircleFilled],
  failed: ['urgent', ExclamationCircleFilled],
  skipped: ['expired', MinusCircleOutlined],
} as const

/** How far a script of a show is: colour, icon and word. */
export function ItemStatus({ status }: { status: ShowItemView['status'] }) {
  const { t } = useTranslation()
  const [tone, Icon] = looks[status]
  return (
    <span className={`state state-${tone}`} data-status={status}>
      <Icon />
      {t(`itemStatus.${status}`)}
    </span>
  )
}
