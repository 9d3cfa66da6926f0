import '../i18n/addWork'
import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import { moment } from '../shared/format'
import { useProblemText } from '../shared/problems'
import type { Refusal } from './useDecision'

const outcomes: Record<string, 'approve' | 'edit' | 'reject' | 'respond' | 'expired' | 'cancelled'> = {
  approved: 'approve',
  edited: 'edit',
  rejected: 'reject',
  responded: 'respond',
  expired: 'expired',
  cancelled: 'cancelled',
}

/** Why a decision was not taken: who was first, what they decided and when, or that the time was over. */
export function RefusalNotice({ refusal, onClose }: { refusal: Refusal; onClose: () => void }) {
  const { t, i18n } = useTranslation()
  const problemText = useProblemText()
  let text = problemText(refusal)
  if (refusal.code === 'already_resolved') {
    const { by, at, decision } = refusal.details as { by?: { name?: string }; at?: string; decision?: string }
    const outcome = outcomes[decision ?? '']
    text = t('review.resolvedBy', {
      name: by?.name ?? t('review.system'),
      time: at ? moment(at, i18n.language) : '',
      decision: outcome ? t(`interruptStatus.${outcome}`) : (decision ?? ''),
    })
  }
  return (
    <Alert type="error" showIcon closable={{ onClose }} title={text} role="alert" data-testid="refusal" />
  )
}
