import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import { byGravity, FindingText } from './MarkedText'
import { type HeldAgain, revisionOf } from './params'

/** Why an approved script waits again: what changed, what is forbidden now and by which rules, and what can be done. */
export function HeldAgainNotice({ held, version }: { held: HeldAgain; version: string | undefined }) {
  const { t } = useTranslation()
  const names = { rules: t('reviewNote.heldRules'), product: t('reviewNote.heldProduct') }
  const changed = held.changed.map((one) => names[one]).join(' / ')
  const before = revisionOf(held.approvedUnder ?? '')
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      data-testid="held-again"
      title={changed ? t('reviewNote.held', { changed }) : t('reviewNote.heldPlain')}
      description={
        <>
          {held.findings.length > 0 && <p>{t('reviewNote.heldNew')}</p>}
          {byGravity(held.findings).map((finding) => (
            <FindingText key={`${finding.rule}-${finding.span[0]}`} finding={finding} version={version} />
          ))}
          {held.approvedUnder && version && held.changed.includes('rules') && (
            <p className="muted number" title={version}>
              {t(before === '0' ? 'reviewNote.heldFirst' : 'reviewNote.heldVersions', {
                before,
                now: revisionOf(version),
              })}
            </p>
          )}
          <p>{t('reviewNote.heldWhat')}</p>
        </>
      }
    />
  )
}
