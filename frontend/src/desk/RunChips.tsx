import '../i18n/addDeskMore'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { deskApi } from './api'
import { spendingOf } from './spending'

/** What a run has used: which model answered, instead of which, how many tokens, and what that costs. */
export default function RunChips({
  threadId,
  runId,
  over,
}: {
  threadId: string
  runId: string
  over: boolean
}) {
  const { t, i18n } = useTranslation()
  const calls = useQuery({
    // Read again at the end of the run.
    queryKey: ['models', 'chips', runId, over],
    queryFn: () => deskApi.callsOf(threadId, runId),
    staleTime: 0,
    // A call is written down a moment after its end; a run may make none.
    refetchInterval: ({ state }) =>
      over && state.data?.items.length === 0 && state.dataUpdateCount < 4 ? 1500 : false,
  })
  const used = spendingOf(calls.data?.items ?? [])
  const number = new Intl.NumberFormat(i18n.language)
  const money = ([currency, sum]: readonly [string, number]) =>
    new Intl.NumberFormat(i18n.language, { style: 'currency', currency, maximumFractionDigits: 4 }).format(
      sum,
    )
  return (
    <p className="row chips" data-testid="run-chips">
      {used.models.map((model) => (
        <span className="tag tag-info" key={model}>
          {model === 'offline' ? t('detail.offline') : model}
        </span>
      ))}
      {used.insteadOf.map((model) => (
        <span className="tag tag-warn" key={model}>
          {t('deskMore.insteadOf', { model })}
        </span>
      ))}
      {used.models.length > 0 && (
        <span className="tag tag-plain number">
          {t('deskMore.tokens', { input: number.format(used.input), output: number.format(used.output) })}
          {used.estimated && t('deskMore.estimated')}
        </span>
      )}
      {used.cost.length > 0 && (
        <span className="tag tag-plain number">{used.cost.map(money).join(' + ')}</span>
      )}
      <Link to={`/models?thread=${threadId}&run=${runId}`}>{t('deskMore.calls')}</Link>
    </p>
  )
}
