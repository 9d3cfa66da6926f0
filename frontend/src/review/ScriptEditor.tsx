import '../i18n/addWork'
import { Alert, Input } from 'antd'
import type { TextAreaRef } from 'antd/es/input/TextArea'
import { type Ref, useEffect, useImperativeHandle, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Finding } from '../generated/protocol'
import { markedPieces, withSuggestion } from '../shared/text'
import { byGravity, FindingText, worst } from './MarkedText'
import { putText } from './putText'
import { QualityCard } from './QualityCard'
import { type Context, useLiveCheck } from './useLiveCheck'

const MAX_CONTENT = 10_000

/** How what stands beside the field changes its text: as if it were typed, so that Ctrl+Z takes it back. */
export interface EditorHandle {
  put(text: string): void
}

interface Props {
  ref?: Ref<EditorHandle>
  value: string
  onChange: (value: string) => void
  /** What the text is for: the checks and the estimated time depend on it. */
  context: Context
  /** A colleague has taken it over: what was typed is kept, and goes on here if they give it back. */
  locked?: boolean
  /** What the text was before the change with which the field is opened: Ctrl+Z brings it back. */
  before?: string | undefined
}

/** A text field that underlines what the checks object to while one types, and puts in what they suggest. */
export function ScriptEditor({ ref, value, onChange, context, locked = false, before }: Props) {
  const { t } = useTranslation()
  const { report, findings, fresh, failed } = useLiveCheck(value, context)
  const field = useRef<TextAreaRef>(null)
  const pieces = useMemo(() => markedPieces(value, findings), [value, findings])

  const put = (text: string) => {
    const area = field.current?.resizableTextArea?.textArea
    if (!area || !putText(area, text)) onChange(text)
  }
  useImperativeHandle(ref, () => ({ put }))
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as the field is opened
  useEffect(() => {
    const area = field.current?.resizableTextArea?.textArea
    if (before === undefined || !area || before === value) return
    area.value = before
    if (!putText(area, value)) area.value = value
  }, [])

  const select = ([start, end]: Finding['span']) => {
    const points = Array.from(value)
    const area = field.current?.resizableTextArea?.textArea
    // The field counts UTF-16 units, the findings characters.
    area?.focus()
    area?.setSelectionRange(points.slice(0, start).join('').length, points.slice(0, end).join('').length)
  }
  return (
    <>
      <div className="marked-field">
        <div className="marked-field-under script-text" aria-hidden="true">
          {pieces.map((piece) =>
            piece.findings.length === 0 ? (
              piece.text
            ) : (
              <mark key={piece.start} className={`mark mark-${worst(piece.findings)}`}>
                {piece.text}
              </mark>
            ),
          )}
        </div>
        <Input.TextArea
          ref={field}
          aria-label={t('review.editor')}
          className="script-text"
          value={value}
          readOnly={locked}
          onChange={(event) => onChange(event.target.value)}
          autoSize={{ minRows: 5 }}
          maxLength={MAX_CONTENT}
          autoFocus
          data-testid="approval-editor"
        />
      </div>
      <div className="row card-meta muted" role="status" data-testid="live-check" data-fresh={fresh}>
        {report && (
          <>
            <span className="number">{t('review.characters', { count: report.spoken })}</span>
            <span className="number">
              {t('review.seconds', { seconds: report.spoken_seconds })}
              {context.seconds ? t('review.secondsAsked', { seconds: context.seconds }) : ''}
            </span>
          </>
        )}
        {failed ? t('quality.uncheckable') : !fresh && t('quality.checking')}
      </div>
      {report && (
        <QualityCard quality={{ ...report, findings: [] }}>
          {byGravity(findings).map((finding) => (
            <FindingText
              key={`${finding.rule}-${finding.span[0]}-${finding.span[1]}`}
              finding={finding}
              version={report.rules_version}
              onShow={() => select(finding.span)}
              onApply={locked ? undefined : () => put(withSuggestion(value, finding))}
            />
          ))}
        </QualityCard>
      )}
      {fresh && report?.verdict === 'block' && (
        <Alert type="warning" showIcon title={t('review.editBlocked')} />
      )}
    </>
  )
}
