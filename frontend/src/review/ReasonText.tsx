import '../i18n/addReasons'
import { useTranslation } from 'react-i18next'
import { isReason } from './reasons'

/** Why something was rejected, in a word. A reason of a newer server is told as it came. */
export default function ReasonText({ reason }: { reason: string }) {
  const { t } = useTranslation()
  return (
    <span className="tag tag-block" data-testid="reject-reason">
      {isReason(reason) ? t(`rejectReason.${reason}`) : reason}
    </span>
  )
}
