import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Shapes } from '../shared/rest'
import { type Overlay, rulesApi } from './api'

/** Tries what is edited on the latest scripts: what would newly hit, and what no more. */
export function Trial({ overlay, onRefused }: { overlay: Overlay; onRefused: (error: unknown) => void }) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [done, setDone] = useState<{ of: Overlay; result: Shapes['TrialResult'] }>()
  const run = async () => {
    setBusy(true)
    try {
      setDone({ of: overlay, result: await rulesApi.trial(overlay) })
    } catch (error) {
      setDone(undefined)
      onRefused(error)
    } finally {
      setBusy(false)
    }
  }
  const result = done?.result
  return (
    <div className="trial" data-testid="trial">
      <div className="row">
        <Button loading={busy} onClick={() => void run()} data-testid="run-trial">
          {t('rules.trial')}
        </Button>
        <span className="muted" role="status">
          {busy
            ? t('rules.trialing')
            : done && done.of !== overlay
              ? t('rules.trialStale')
              : t('rules.trialHint')}
        </span>
      </div>
      {result && (
        <div className={done.of === overlay ? undefined : 'muted'}>
          <p data-testid="trial-sum">
            {result.tried === 0
              ? t('rules.trialEmpty')
              : result.touched === 0
                ? t('rules.trialNone', { tried: result.tried })
                : t('rules.trialSum', { ...result })}
          </p>
          {result.scripts.map((script) => (
            <section key={script.script_id} className="trial-script">
              <h2>
                {script.title} <span className="muted number">v{script.version}</span>
              </h2>
              <ul>
                {script.hits.map((hit, place) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the same words may be hit twice; the list never changes
                  <li key={`${hit.rule} ${place}`}>
                    <span className={`tag tag-${hit.kind === 'removed' ? 'info' : (hit.now ?? 'warn')}`}>
                      {t(`rules.kinds.${hit.kind}`)}
                    </span>{' '}
                    <span className="muted">…{hit.before_text}</span>
                    <mark className={`mark mark-${hit.now ?? hit.was ?? 'info'}`}>{hit.excerpt}</mark>
                    <span className="muted">{hit.after_text}…</span>{' '}
                    <span className="muted">
                      {hit.rule} ·{' '}
                      {severities(hit)
                        .map((one) => t(`severity.${one}`))
                        .join(' → ')}
                    </span>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      )}
    </div>
  )
}

function severities({ was, now }: Shapes['Hit']) {
  return [was, now].filter((one) => one !== null)
}
