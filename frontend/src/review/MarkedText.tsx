import { Popover } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Finding } from '../generated/protocol'
import { markedPieces } from '../shared/text'

const order = ['info', 'warn', 'fail', 'block'] as const

function worst(findings: readonly Finding[]): Finding['severity'] {
  return findings.reduce<Finding['severity']>(
    (found, { severity }) => (order.indexOf(severity) > order.indexOf(found) ? severity : found),
    'info',
  )
}

/** A script with its findings underlined; each opens what is wrong, on what ground, and what to say instead. */
export function MarkedText({ text, findings }: { text: string; findings: readonly Finding[] }) {
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
              <FindingText key={`${finding.rule}-${finding.span[0]}`} finding={finding} />
            ))}
          >
            <button
              type="button"
              className={`mark mark-${worst(piece.findings)}`}
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

/** One finding in words. */
export function FindingText({ finding }: { finding: Finding }) {
  const { t } = useTranslation()
  return (
    <div className="finding">
      <div className="finding-head">
        <span className={`tag tag-${finding.severity}`}>{t(`severity.${finding.severity}`)}</span>
        {finding.excerpt && <q>{finding.excerpt}</q>}
      </div>
      <div>{finding.message}</div>
      {finding.basis && (
        <div className="muted">
          {t('quality.basis')}
          {finding.basis}
        </div>
      )}
      {finding.suggestion && (
        <div>
          {t('quality.suggestion')}
          <strong>{finding.suggestion}</strong>
        </div>
      )}
    </div>
  )
}
