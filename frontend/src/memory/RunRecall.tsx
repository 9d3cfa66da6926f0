import { useQuery } from '@tanstack/react-query'
import { Alert, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useProblemText } from '../shared/problems'
import { memoryApi } from './api'
import { Reasons } from './Reasons'

/** What one run recalled and why. */
export function RunRecall({ runId }: { runId: string }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const told = useQuery({ queryKey: ['memory', 'run', runId], queryFn: () => memoryApi.ofRun(runId) })
  if (told.isError) {
    return (
      <Alert
        type="error"
        showIcon
        title={problemText(told.error)}
        action={<Button onClick={() => void told.refetch()}>{t('common.retry')}</Button>}
      />
    )
  }
  if (!told.data) return <p className="skeleton">{t('common.loading')}</p>
  const { recalled, passed_over, rejections, embedder, thread_id } = told.data
  const parts = [
    [t('memory.runRecalled'), recalled],
    [t('memory.runPassedOver'), passed_over],
    [t('memory.runRejections'), rejections],
  ] as const
  return (
    <>
      <p className="row">
        <Link to={`/console/${thread_id}`}>{t('memory.toThread')}</Link>
        <Link to="/memory">{t('memory.toAll')}</Link>
      </p>
      {parts.map(([title, found]) => (
        <section key={title}>
          <h2>{title}</h2>
          {found.length > 0 ? (
            <Reasons found={found} label={title} />
          ) : (
            <p className="muted">{t('memory.runNothing')}</p>
          )}
        </section>
      ))}
      <p className="muted">{embedder ? t('memory.explain') : t('memory.runAll')}</p>
    </>
  )
}
