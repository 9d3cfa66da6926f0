import { useQuery } from '@tanstack/react-query'
import { Alert } from 'antd'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Diff } from '../review/Diff'
import { useProblemText } from '../shared/problems'
import { type Checkpoint, replayApi } from './api'
import { type Change, type KeyChange, shown, stateChanges, unchangedKeys } from './stateChanges'
import type { Words } from './words'

const REST_MS = 150
/** Texts from this length on are compared word by word. */
const TEXT = 24
const MOST = 30

const tones = { added: 'approve', changed: 'edit', removed: 'reject' } as const

/** What a run knew at a state, and what the step before it had changed. */
export function StateThen({
  threadId,
  checkpoint: wanted,
  before: wantedBefore,
  words,
}: {
  threadId: string
  checkpoint: Checkpoint
  before: Checkpoint | undefined
  words: Words
}) {
  const { t, i18n } = useTranslation()
  const problemText = useProblemText()
  // While it plays, only where it stays is read.
  const [checkpoint, before] = useSettled(wanted, wantedBefore)
  const now = useVersion(threadId, checkpoint)
  const was = useVersion(threadId, before)
  const changes = useMemo(
    () => (now.data && (!before || was.data) ? stateChanges(was.data, now.data) : undefined),
    [now.data, was.data, before],
  )
  const name = (key: string) =>
    i18n.exists(`stateKey.${key}`) ? t(`stateKey.${key}` as 'stateKey.draft') : key
  const failed = now.error ?? was.error
  const same = now.data && changes ? unchangedKeys(now.data, changes) : []
  return (
    <div className="state-then" data-testid="state" data-version={checkpoint.version}>
      <p className="row">
        <strong className="number">
          {t('replay.stateOf', { version: checkpoint.version, step: words.step(checkpoint) })}
        </strong>
        <span className="muted number">{words.time(checkpoint.created_at)}</span>
      </p>
      <p className="muted">
        {before ? t('replay.comparedTo', { version: before.version }) : t('replay.firstOfRun')} ·{' '}
        {t('replay.masked')}
      </p>
      {failed && <Alert type="error" showIcon title={problemText(failed)} />}
      {!changes && !failed && <p className="skeleton">{t('common.loading')}</p>}
      {changes?.length === 0 && <p className="muted">{t('replay.sameState')}</p>}
      {changes?.map((change) => (
        <KeyThen key={change.key} change={change} name={name(change.key)} />
      ))}
      {now.data && same.length > 0 && (
        <details>
          <summary>{t('replay.unchanged', { count: same.length })}</summary>
          <dl className="state-same">
            {same.map((key) => (
              <div key={key}>
                <dt>{name(key)}</dt>
                <dd>{shown(now.data[key])}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </div>
  )
}

function KeyThen({ change: { key, kind, changes }, name }: { change: KeyChange; name: string }) {
  const { t } = useTranslation()
  const more = changes.length - MOST
  return (
    <section className="state-key" data-testid="state-key" data-key={key}>
      <h3>
        {name} <span className={`tag state-${tones[kind]}`}>{t(`replay.${kind}`)}</span>
      </h3>
      {changes.slice(0, MOST).map((one) => (
        <ChangeThen key={one.path.join('/')} change={one} />
      ))}
      {more > 0 && <p className="muted">{t('replay.moreChanges', { count: more })}</p>}
    </section>
  )
}

function ChangeThen({ change: { path, before, after } }: { change: Change }) {
  const { t } = useTranslation()
  const long = [before, after].every((value) => typeof value === 'string' && value.length >= TEXT)
  return (
    <div className="state-change">
      {path.length > 0 && <code className="muted">{path.join(' › ')}</code>}
      {long ? (
        <Diff before={before as string} after={after as string} />
      ) : (
        <div className="state-values">
          {before !== undefined && <del>{shown(before) || t('replay.empty')}</del>}
          {after !== undefined &&
            (before === undefined ? (
              <span>{shown(after)}</span>
            ) : (
              <ins>{shown(after) || t('replay.empty')}</ins>
            ))}
        </div>
      )}
    </div>
  )
}

function useVersion(threadId: string, checkpoint: Checkpoint | undefined) {
  const version = checkpoint?.version ?? 0
  return useQuery({
    queryKey: ['replay', 'state', threadId, version],
    queryFn: () => replayApi.state(threadId, version),
    enabled: checkpoint !== undefined,
    // What was stored does not change any more.
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
}

function useSettled(
  wanted: Checkpoint,
  wantedBefore: Checkpoint | undefined,
): [Checkpoint, Checkpoint | undefined] {
  const [settled, setSettled] = useState<[Checkpoint, Checkpoint | undefined]>([wanted, wantedBefore])
  useEffect(() => {
    const timer = setTimeout(() => setSettled([wanted, wantedBefore]), REST_MS)
    return () => clearTimeout(timer)
  }, [wanted, wantedBefore])
  return settled
}
