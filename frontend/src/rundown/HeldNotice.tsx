import { Alert, Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Finding } from '../generated/protocol'
import { byGravity, FindingText } from '../review/MarkedText'
import { revisionOf } from '../review/params'
import { useDesk } from '../shared/desk'
import { listed } from '../shared/listed'

/** What the server says of a script that may not go on air any more. */
export interface Held {
  readonly changed: readonly ('rules' | 'product')[]
  readonly findings: readonly Finding[]
  readonly rules_version: string
}

/** Why a script was held back before it was on air, and what can be done: write it anew, or (admins) cue it nevertheless. */
export default function HeldNotice({
  held,
  onCue,
  onRegenerate,
}: {
  held: Held
  onCue: (reason: string) => Promise<void>
  /** Not there for what belongs to no show. */
  onRegenerate?: (() => Promise<void>) | undefined
}) {
  const { t } = useTranslation()
  const { may } = useDesk()
  const [reason, setReason] = useState('')
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      data-testid="held"
      title={t('show.held', { changed: listed(held.changed.map((one) => t(`show.heldBy.${one}`))) })}
      description={
        <>
          {byGravity(held.findings).map((finding) => (
            <FindingText
              key={`${finding.rule} ${finding.span[0]}`}
              finding={finding}
              version={held.rules_version}
            />
          ))}
          <p className="muted">{t('show.heldHint', { version: revisionOf(held.rules_version) })}</p>
          <div className="row">
            {onRegenerate && <Button onClick={() => void onRegenerate()}>{t('show.regenerate')}</Button>}
            {may('interrupt.override') && (
              <form
                className="row"
                onSubmit={(event) => {
                  event.preventDefault()
                  if (reason.trim()) void onCue(reason.trim())
                }}
              >
                <Input
                  aria-label={t('show.overrideReason')}
                  placeholder={t('show.overrideReason')}
                  maxLength={500}
                  value={reason}
                  onChange={(event) => setReason(event.target.value)}
                  style={{ width: 240 }}
                />
                <Button danger htmlType="submit" disabled={reason.trim() === ''}>
                  {t('show.cueAnyway')}
                </Button>
              </form>
            )}
          </div>
        </>
      }
    />
  )
}
