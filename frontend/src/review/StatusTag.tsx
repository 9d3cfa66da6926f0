import '../i18n/addWork'
import {
  CheckCircleFilled,
  ClockCircleOutlined,
  CloseCircleFilled,
  EditFilled,
  HourglassFilled,
  StopOutlined,
} from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import type { InterruptView } from '../generated/protocol'

const looks = {
  pending: ['pending', ClockCircleOutlined],
  approve: ['approve', CheckCircleFilled],
  edit: ['edit', EditFilled],
  respond: ['approve', CheckCircleFilled],
  reject: ['reject', CloseCircleFilled],
  expired: ['expired', HourglassFilled],
  undo: ['reject', StopOutlined],
  on_air: ['approve', CheckCircleFilled],
  cancelled: ['expired', StopOutlined],
} as const

/** Where an interrupt stands: colour, icon and word. */
export function StatusTag({ status }: { status: InterruptView['status'] }) {
  const { t } = useTranslation()
  const [tone, Icon] = looks[status]
  return (
    <span className={`state state-${tone}`}>
      <Icon />
      {t(`interruptStatus.${status}`)}
    </span>
  )
}
