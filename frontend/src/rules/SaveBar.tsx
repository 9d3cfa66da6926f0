import { Alert, App, Button, Input } from 'antd'
import { Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { moment } from '../shared/format'
import { part } from '../shared/part'
import { useProblemText } from '../shared/problems'
import { rulesApi } from './api'
import { Trial } from './Trial'
import type { Draft, Fault } from './useDraft'

const RestoredDraft = part(() => import('../shared/RestoredDraft'))

/** What stands between an edit and its being in force: a dry run, the faults, a colleague who was first, a note. */
export function SaveBar({ draft }: { draft: Draft }) {
  const { t, i18n } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const [note, setNote] = useState('')
  const [saving, setSaving] = useState(false)
  const { overtaken, faults, saved } = draft

  const save = async () => {
    if (!saved) return
    setSaving(true)
    try {
      const now = await rulesApi.save({ revision: saved.revision, overlay: draft.overlay, note })
      draft.accept(now)
      setNote('')
      message.success(t('rules.saved', { revision: now.revision }))
    } catch (error) {
      draft.refused(error)
    } finally {
      setSaving(false)
    }
  }
  return (
    <section className="card" aria-label={t('rules.unsaved')} data-testid="rules-save">
      {draft.restored && !overtaken && (
        <Suspense fallback={null}>
          <RestoredDraft onDiscard={draft.discard} />
        </Suspense>
      )}
      {overtaken && (
        <Alert
          type="warning"
          showIcon
          role="alert"
          data-testid="rules-overtaken"
          title={`${t('rules.conflict', {
            name: overtaken.author ?? t('rules.somebody'),
            revision: overtaken.revision,
          })}${overtaken.created_at ? ` · ${moment(overtaken.created_at, i18n.language)}` : ''}${
            overtaken.note ? ` · ${overtaken.note}` : ''
          }`}
          description={t('rules.conflictHint')}
          action={
            <span className="row">
              <Button type="primary" onClick={draft.mergeMine}>
                {t('rules.mergeMine')}
              </Button>
              <Button onClick={draft.discard}>{t('rules.takeTheirs')}</Button>
            </span>
          }
        />
      )}
      {draft.refusal !== undefined && !overtaken && (
        <Alert type="error" showIcon role="alert" title={problemText(draft.refusal)} />
      )}
      {faults.length > 0 && (
        <Alert
          type="error"
          showIcon
          role="alert"
          data-testid="rules-faults"
          title={t('rules.refused', { count: faults.length })}
          description={
            <ul>
              {faults.map((fault) => (
                <li key={`${fault.part} ${fault.line} ${fault.field} ${fault.code} ${fault.value}`}>
                  <FaultText fault={fault} name={nameAt(draft, fault)} />
                </li>
              ))}
            </ul>
          }
        />
      )}
      <div className="row spread">
        <span className="row">
          <span className="state state-edit">{t('rules.unsaved')}</span>
          <Input
            aria-label={t('rules.note')}
            placeholder={t('rules.note')}
            maxLength={300}
            value={note}
            onChange={(event) => setNote(event.target.value)}
            style={{ width: 260, maxWidth: '100%' }}
          />
        </span>
        <span className="row">
          <Button onClick={draft.discard}>{t('rules.discard')}</Button>
          <Button
            type="primary"
            loading={saving}
            disabled={overtaken !== undefined}
            onClick={() => void save()}
            data-testid="save-rules"
          >
            {t('rules.save')}
          </Button>
        </span>
      </div>
      <Trial overlay={draft.overlay} onRefused={draft.refused} />
    </section>
  )
}

function nameAt({ overlay }: Draft, { part, line }: Fault): string {
  if (part === 'rules') return overlay.rules[line - 1]?.id ?? ''
  if (part === 'adjustments') return overlay.adjustments[line - 1]?.rule ?? ''
  return overlay[part][line - 1]?.text ?? ''
}

function FaultText({ fault, name }: { fault: Fault; name: string }) {
  const { t, i18n } = useTranslation()
  const where = [t(`rules.parts.${fault.part}`), t('rules.line', { line: fault.line }), name].filter(Boolean)
  const known = i18n.exists(`rules.faults.${fault.code}`)
  const why = known ? t(`rules.faults.${fault.code}` as 'rules.faults.bad_id') : fault.message
  return (
    <>
      {where.join(' · ')}
      {fault.value && fault.value !== name && <q>{fault.value}</q>} — {why}
      {fault.code === 'bad_pattern' && <span className="muted"> ({fault.message})</span>}
    </>
  )
}
