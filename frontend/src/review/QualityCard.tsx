import '../i18n/addWork'
import { CheckCircleFilled, CloseCircleFilled, ExclamationCircleFilled } from '@ant-design/icons'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CheckResult, Finding } from '../generated/protocol'
import { byGravity, FindingText } from './MarkedText'

export interface Quality {
  readonly verdict: 'pass' | 'warn' | 'block'
  readonly score: number
  readonly findings: readonly Finding[]
  readonly checks: readonly CheckResult[]
  readonly rules_version: string
}

const signs = { pass: CheckCircleFilled, warn: ExclamationCircleFilled, block: CloseCircleFilled } as const
const tone = { pass: 'approve', warn: 'pending', block: 'reject' } as const

/** The outcome of the checks: verdict, score, what was found, and the rubric on demand. */
export function QualityCard({
  quality,
  retrying = false,
  children,
}: {
  quality: Quality
  retrying?: boolean
  children?: ReactNode
}) {
  const { t } = useTranslation()
  const failed = quality.checks.filter((check) => !check.passed)
  const Sign = signs[quality.verdict]
  return (
    <article className="card" aria-label={t('quality.title')} data-testid="quality-card">
      <header className="card-head">
        <span className={`state state-${tone[quality.verdict]}`}>
          <Sign />
          {t(`verdict.${quality.verdict}`)}
        </span>
        <strong className="number">{t('quality.score', { score: quality.score })}</strong>
        {retrying && <span className="muted">{t('quality.retrying')}</span>}
      </header>
      {byGravity(quality.findings).map((finding) => (
        <FindingText
          key={`${finding.rule}-${finding.span[0]}-${finding.span[1]}`}
          finding={finding}
          version={quality.rules_version}
        />
      ))}
      {children}
      {quality.checks.length > 0 && (
        <details>
          <summary>
            {t('quality.checks', {
              passed: quality.checks.length - failed.length,
              total: quality.checks.length,
            })}
          </summary>
          <ul className="checks">
            {quality.checks.map((check) => (
              <li key={check.id}>
                {check.passed ? (
                  <CheckCircleFilled className="ok" aria-label={t('quality.passed')} />
                ) : (
                  <CloseCircleFilled className="bad" aria-label={t('quality.failed')} />
                )}
                <span>{t(`quality.named.${check.id}`, { defaultValue: check.name })}</span>
                <span className="muted">{check.detail}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </article>
  )
}
