import { useQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { statusOf } from '../approvals/queue'
import type { InterruptView } from '../generated/protocol'
import { Diff } from '../review/Diff'
import { StatusTag } from '../review/StatusTag'
import { api } from '../shared/api'
import { moment } from '../shared/format'
import { useProblemText } from '../shared/problems'
import { evidenceApi, type State } from './api'
import { continuedScript, type Version, versionsOf } from './versions'

/** The texts that led to this one, the newest first, each with what it changed of the one before. */
export function Versions({
  threadId,
  interrupt,
  state,
}: {
  threadId: string
  interrupt: InterruptView
  state: State | null | undefined
}) {
  const { t, i18n } = useTranslation()
  const problemText = useProblemText()
  const [chosen, setChosen] = useState<number>()
  const asked = useQuery({
    queryKey: ['evidence', 'interrupts', threadId, interrupt.id],
    queryFn: () => evidenceApi.interrupts(threadId),
    staleTime: 0,
    retry: false,
  })
  const scriptId = continuedScript(state)
  const published = useQuery({
    queryKey: ['script', scriptId],
    queryFn: () => api.script(scriptId ?? ''),
    enabled: scriptId !== undefined,
    retry: false,
  })
  if (asked.error)
    return <p className="muted">{t('evidence.unread', { reason: problemText(asked.error) })}</p>
  if (!asked.data) return <p className="skeleton">{t('common.loading')}</p>
  const versions = versionsOf(interrupt.id, asked.data, published.data?.versions ?? [])
  const present = versions.find(({ number }) => number === chosen) ?? versions.at(-1)
  if (!present) return <p className="muted">{t('evidence.only')}</p>
  const before = versions.find(({ number }) => number === present.number - 1)
  return (
    <>
      <p className="row version-chain" data-testid="version-chain">
        {versions.toReversed().map(({ number }, place) => (
          <Fragment key={number}>
            {place > 0 && <span aria-hidden="true">←</span>}
            <button
              type="button"
              className="version number"
              aria-pressed={number === present.number}
              onClick={() => setChosen(number)}
            >
              v{number}
            </button>
          </Fragment>
        ))}
      </p>
      <p className="row">
        <VersionName version={present} />
        {present.status && <StatusTag status={statusOf[present.status]} />}
        <span className="muted number">{moment(present.at, i18n.language)}</span>
      </p>
      {present.feedback && <p>{t('review.reasonWas', { reason: present.feedback })}</p>}
      {before ? (
        <>
          <p className="muted number">{t('evidence.vs', { now: present.number, before: before.number })}</p>
          <Diff before={before.text} after={present.text} />
        </>
      ) : (
        <p className="muted">{t('evidence.only')}</p>
      )}
    </>
  )
}

function VersionName({ version: { made, label } }: { version: Version }) {
  const { t } = useTranslation()
  const names = {
    published: t('evidence.published', { version: label }),
    draft: t('evidence.draft'),
    edit: t('evidence.byHand', { name: label || t('evidence.somebody') }),
  }
  return <strong>{names[made]}</strong>
}
