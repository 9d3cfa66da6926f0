import '../i18n/addWork'
import '../i18n/addReview'
import { Button, Popover } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Finding } from '../generated/protocol'
import { markedPieces } from '../shared/text'

const order = ['info', 'warn', 'fail', 'block'] as const

/** The gravest first; else in the order of the text. */
export function byGravity(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) => order.indexOf(b.severity) - order.indexOf(a.severity) || a.span[0] - b.span[0],
  )
}

export function worst(findings: readonly Finding[]): Finding['severity'] {
  return findings.reduce<Finding['severity']>(
    (found, { severity }) => (order.indexOf(severity) > order.indexOf(found) ? severity : found),
    'info',
  )
}

/** A script with its findings underlined; each opens what is wrong, on what ground, and what to say instead. */
export function MarkedText({
  text,
  findings,
  version,
}: {
  text: string
  findings: readonly Finding[]
  /** Of the rules that found them. */
  version: string | undefined
}) {
  const { t } = useTranslation()
  const pieces = useMemo(() => markedPieces(text, findings), [text, findings])
  return (
    <div className="script-text">
      {pieces.map((piece) =>
        piece.findings.length === 0 ? (
          piece.text
        ) : (
          <Popover
            key={piece.start}
            trigger={['hover', 'focus', 'click']}
            content={piece.findings.map((finding) => (
              <FindingText key={`${finding.rule}-${finding.span[0]}`} finding={finding} version={version} />
            ))}
          >
            <button
              type="button"
              className={`mark mark-${worst(piece.findings)}`}
              data-start={piece.start}
              aria-label={t('quality.marked', { text: piece.text })}
            >
              {piece.text}
            </button>
          </Popover>
        ),
      )}
    </div>
  )
}

interface FindingProps {
  finding: Finding
  /** Of the rules that found it. */
  version: string | undefined
  /** Show where it is in the text under edit. */
  onShow?: (() => void) | undefined
  /** Put the suggestion into the text under edit. */
  onApply?: (() => void) | undefined
  /** The key that does so. */
  applyKey?: string | undefined
}

/** One finding in words. */
export function FindingText({ finding, version, onShow, onApply, applyKey }: FindingProps) {
  const { t, i18n } = useTranslation()
  const { excerpt, suggestion } = finding
  return (
    <div className="finding" data-testid="finding" data-rule={finding.rule}>
      <div className="finding-head">
        <span className={`tag tag-${finding.severity}`}>{t(`severity.${finding.severity}`)}</span>
        {excerpt &&
          (onShow ? (
            <button type="button" className="link-button" onClick={onShow}>
              <q>{excerpt}</q>
            </button>
          ) : (
            <q>{excerpt}</q>
          ))}
      </div>
      <div>{finding.message}</div>
      {finding.basis && (
        <div className="muted">
          {t('quality.basis')}
          {/* Of a model that did not answer it is why, as a code. */}
          {i18n.exists(`problem.${finding.basis}`)
            ? t(`problem.${finding.basis}` as 'problem.model_unavailable')
            : finding.basis}
        </div>
      )}
      <div className="muted number" data-testid="finding-rule" title={version}>
        {t('reviewNote.rule', { rule: finding.rule })}
      </div>
      {suggestion !== null && (
        <div className="row">
          <span>
            {suggestion === '' ? (
              t('quality.remove')
            ) : (
              <>
                {t(finding.span[0] === finding.span[1] ? 'quality.add' : 'quality.suggestion')}
                <strong>{suggestion}</strong>
              </>
            )}
          </span>
          {onApply && (
            <Button size="small" onClick={onApply} data-testid="apply-suggestion">
              {t('quality.apply')}
              {applyKey && <kbd>{applyKey}</kbd>}
            </Button>
          )}
        </div>
      )}
    </div>
  )
}
