import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import ConfirmDelete from '../shared/ConfirmDelete'
import { faultsOf, faultText } from '../shared/forms'
import { useProblemText } from '../shared/problems'
import { RestProblem } from '../shared/rest'
import { modelsApi, type OwnFault, type OwnModels as Saved } from './api'
import { asText, type Fault, lineOf, readDocument } from './document'
import { LinedText } from './LinedText'

const textOf = (own: Saved): string => (own.models === null ? '' : asText(own.models))

const EXAMPLE = `{
  "providers": {"glm": {"profile": "zhipu", "key": "GLM"}},
  "backends": {"writer": {"provider": "glm", "model": "glm-4.5"}},
  "routes": {"script": {"backends": ["writer"]}}
}`

/** The team's own models, as a document to edit: each fault with its line, and a colleague who was first is told of. */
export function OwnModels() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const key = ['models', 'own']
  const latest = useQuery({ queryKey: key, queryFn: modelsApi.own, staleTime: 0, refetchInterval: 20_000 })
  const [base, setBase] = useState<Saved>()
  const [shown, setShown] = useState('')
  const [text, setText] = useState('')
  const [faults, setFaults] = useState<readonly Fault[]>([])
  const [refusal, setRefusal] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  /** The revision from which one is about to go back to the server's models. */
  const [returning, setReturning] = useState<number>()
  const field = useRef<HTMLTextAreaElement>(null)
  const faultWords = useFaultWords()

  const theirs = latest.data
  const dirty = text !== shown
  const overtaken = dirty && theirs && base && theirs.revision !== base.revision ? theirs : undefined

  const take = (saved: Saved, as = textOf(saved)) => {
    setBase(saved)
    setShown(as)
    setText(as)
    setFaults([])
    setRefusal(undefined)
  }
  useEffect(() => {
    // Nothing is edited: what is saved is what is shown.
    if (!theirs || dirty || theirs === base) return
    if (theirs.revision === base?.revision) setBase(theirs)
    else take(theirs)
  })

  const save = async (models: unknown, lines: ReadonlyMap<string, number>, revision: number, as: string) => {
    setBusy(true)
    setRefusal(undefined)
    try {
      const saved = await modelsApi.saveOwn(revision, models)
      cache.setQueryData(key, saved)
      take(saved, saved.models === null ? '' : as)
      message.success(t(saved.models === null ? 'ownModels.back' : 'ownModels.saved'))
      void cache.invalidateQueries({ queryKey: ['models'] })
    } catch (error) {
      const found = placed(error, lines, faultWords)
      setFaults(found)
      setRefusal(found.length > 0 ? undefined : error)
      if (error instanceof RestProblem && error.code === 'version_conflict') void latest.refetch()
    } finally {
      setBusy(false)
    }
  }
  const saveText = () => {
    if (!base || overtaken || busy || !dirty) return
    const { value, lines, faults: wrong } = readDocument(text)
    setFaults(wrong)
    setRefusal(undefined)
    if (wrong.length === 0) void save(value, lines, base.revision, text)
  }
  const goTo = (line: number) => {
    const at =
      text
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0)
    field.current?.focus()
    field.current?.setSelectionRange(at, at + (text.split('\n')[line - 1]?.length ?? 0))
  }

  return (
    <section className="settings-part" aria-labelledby="own-models-title" data-testid="own-models">
      <h2 id="own-models-title">{t('ownModels.title')}</h2>
      <p className="muted">{t('ownModels.hint')}</p>
      {latest.isError && !base && (
        <Alert
          type="error"
          showIcon
          title={problemText(latest.error)}
          action={<Button onClick={() => void latest.refetch()}>{t('common.retry')}</Button>}
        />
      )}
      {!base && latest.isPending && <p className="skeleton">{t('common.loading')}</p>}
      {base && (
        <>
          <Standing own={base} words={faultWords} />
          <LinedText
            ref={field}
            label={t('ownModels.document')}
            placeholder={EXAMPLE}
            value={text}
            marked={faults.map(({ line }) => line)}
            describedBy={faults.length > 0 ? 'own-models-faults' : undefined}
            onChange={(now) => {
              setText(now)
              setFaults([])
              setRefusal(undefined)
            }}
            onSave={saveText}
          />
          <div aria-live="polite" className="settings-part">
            {faults.length > 0 && (
              <Alert
                type="error"
                showIcon
                id="own-models-faults"
                data-testid="own-models-faults"
                title={t('ownModels.refused', { count: faults.length })}
                description={
                  <ul className="model-faults">
                    {faults.map((fault) => (
                      <li key={`${fault.line} ${fault.kind} ${fault.text}`}>
                        <button type="button" className="link-button" onClick={() => goTo(fault.line)}>
                          {t('ownModels.line', { line: fault.line })}
                        </button>{' '}
                        {fault.kind === 'told'
                          ? fault.text
                          : t(`ownModels.${fault.kind}`, { text: fault.text })}
                      </li>
                    ))}
                  </ul>
                }
              />
            )}
            {refusal !== undefined && !overtaken && (
              <Alert type="error" showIcon title={problemText(refusal)} />
            )}
            {overtaken && (
              <Alert
                type="warning"
                showIcon
                data-testid="own-models-overtaken"
                title={t('ownModels.conflict', { revision: overtaken.revision })}
                description={
                  <>
                    <p>{t('ownModels.conflictHint')}</p>
                    <textarea
                      readOnly
                      className="model-theirs"
                      aria-label={t('ownModels.theirs')}
                      rows={8}
                      value={textOf(overtaken) || t('ownModels.nothing')}
                    />
                    <span className="row">
                      <Button type="primary" onClick={() => setBase(overtaken)}>
                        {t('ownModels.keepMine')}
                      </Button>
                      <Button onClick={() => take(overtaken)}>{t('ownModels.takeTheirs')}</Button>
                    </span>
                  </>
                }
              />
            )}
          </div>
          <div className="row">
            <Button
              type="primary"
              loading={busy}
              disabled={!dirty || text.trim() === '' || overtaken !== undefined}
              onClick={saveText}
              data-testid="save-own-models"
            >
              {t('ownModels.save')}
            </Button>
            {dirty && (
              <Button onClick={() => take(theirs ?? base)} disabled={busy}>
                {t('modelBudget.discard')}
              </Button>
            )}
            {base.models !== null && (
              <Button
                danger
                disabled={busy || overtaken !== undefined}
                onClick={() => setReturning(base.revision)}
              >
                {t('ownModels.bringBack')}
              </Button>
            )}
            {returning !== undefined && (
              <ConfirmDelete
                title={t('ownModels.bringBackSure')}
                okText={t('ownModels.bringBack')}
                onDelete={() => save(null, new Map(), returning, '')}
                onClose={() => setReturning(undefined)}
              />
            )}
          </div>
        </>
      )}
    </section>
  )
}

/** What holds now: whether there is anything, which keys the server has, and what of it cannot be used. */
function Standing({ own, words }: { own: Saved; words: (fault: OwnFault) => string }) {
  const { t } = useTranslation()
  const keys = Object.entries(own.keys)
  if (own.models === null) return <p>{t('ownModels.nothing')}</p>
  return (
    <>
      <p>{t('ownModels.inForce', { revision: own.revision })}</p>
      {keys.length > 0 && (
        <ul className="model-faults" aria-label={t('ownModels.keys')} data-testid="own-models-keys">
          {keys.map(([provider, { variable, is_set }]) => (
            <li key={provider}>
              <span className={`state state-${is_set ? 'approve' : 'reject'}`}>
                {t(is_set ? 'ownModels.isSet' : 'ownModels.isNotSet')}
              </span>{' '}
              {provider}: <code>{variable}</code>
            </li>
          ))}
        </ul>
      )}
      {own.faults.length > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t('ownModels.unusable')}
          description={
            <ul className="model-faults">
              {own.faults.map((fault) => (
                <li key={`${fault.field} ${fault.code}`}>
                  <code>{fault.field}</code> {words(fault)}
                </li>
              ))}
            </ul>
          }
        />
      )}
    </>
  )
}

function useFaultWords(): (fault: OwnFault) => string {
  const { t, i18n } = useTranslation()
  return ({ code, value, message }) =>
    i18n.exists(`ownFault.${code}`) ? t(`ownFault.${code}`, { value }) : message
}

/** What the server refuses, at the lines of the text. */
function placed(
  error: unknown,
  lines: ReadonlyMap<string, number>,
  words: (fault: OwnFault) => string,
): Fault[] {
  if (!(error instanceof RestProblem)) return []
  const told = (field: string, text: string): Fault => ({
    line: lineOf(lines, field),
    kind: 'told',
    text: field ? `${field}: ${text}` : text,
  })
  const found =
    error.code === 'models_invalid' && Array.isArray(error.details.errors)
      ? (error.details.errors as OwnFault[]).map((fault) => told(fault.field, words(fault)))
      : faultsOf(error)
          .filter(({ field }) => field.startsWith('models'))
          .map((fault) => told(fault.field.replace(/^models\.?/, ''), faultText(fault)))
  return found.sort((one, other) => one.line - other.line)
}
