import { useQuery } from '@tanstack/react-query'
import '../i18n/addReasons'
import { Alert, Button, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { isReason } from '../review/reasons'
import { useProblemText } from '../shared/problems'
import { experimentsApi, type Result } from './api'
import { differences, wordOf } from './ways'

const counts = [
  'runs',
  'judged',
  'approved',
  'edited',
  'rejected',
  'commented',
  'expired',
  'automatic',
  'open',
  'undecided',
] as const

/** What came of each way of writing, with how sure it is; and that it is not sure, as long as it is not. */
export function Results({ experimentId }: { experimentId: string }) {
  const { t, i18n } = useTranslation()
  const problemText = useProblemText()
  // Beside the list's key, so that a step in the experiment's life reads this anew too.
  const told = useQuery({
    queryKey: ['experiments', experimentId, 'results'],
    queryFn: () => experimentsApi.results(experimentId),
    staleTime: 0,
  })
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
  if (told.isPending) return <p className="skeleton">{t('common.loading')}</p>
  const { experiment, variants, least_judged, least_units } = told.data
  const part = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1 })
  const signed = new Intl.NumberFormat(i18n.language, {
    style: 'percent',
    maximumFractionDigits: 1,
    signDisplay: 'exceptZero',
  })
  const characters = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 })
  const lacking = variants.filter(({ lacks }) => lacks.length > 0).map(({ key }) => key)
  const joined = (names: string[]) => names.join(t('experimentDoes.and'))
  const does = (changes: Record<string, unknown> | undefined) =>
    differences(changes)
      .map(([name, what]) => {
        const named = what.map((one) => {
          const word = wordOf(one)
          return word ? t(word) : one
        })
        return t(`experimentDoes.${name}`, { what: joined(named) })
      })
      .join(' · ') || t('experimentDoes.nothing')
  return (
    <section className="results" aria-labelledby="experiment-results" data-testid="experiment-results">
      <div className="row spread">
        <h2 id="experiment-results">{t('experiment.results', { name: experiment.key })}</h2>
        <Button loading={told.isFetching} onClick={() => void told.refetch()}>
          {t('experiment.refresh')}
        </Button>
      </div>
      {experiment.question && <p>{experiment.question}</p>}
      {experiment.chosen && (
        <p>
          {t('experiment.chosen')}: {experiment.chosen}
        </p>
      )}
      {lacking.length > 0 && (
        <Alert
          type="info"
          showIcon
          title={t('experiment.tooFew', { names: joined(lacking) })}
          description={t('experiment.lacks', { judged: least_judged, units: least_units })}
        />
      )}
      <Table<Result>
        rowKey="key"
        size="small"
        dataSource={variants}
        pagination={false}
        scroll={{ x: 'max-content' }}
        columns={[
          {
            title: t('experiment.variants'),
            dataIndex: 'key',
            render: (key: string, _, place) => (
              <>
                {place === 0 ? `${key} · ${t('experiment.base')}` : key}
                <div className="muted words">{does(experiment.variants[place]?.changes)}</div>
              </>
            ),
          },
          ...counts.map((name) => ({
            title: t(`experiment.${name}`),
            dataIndex: name,
            align: 'right' as const,
            className: 'number',
            ...(name === 'rejected' && {
              render: (count: number, { reject_reasons }: Result) => (
                <>
                  {count}
                  {Object.entries(reject_reasons).map(([reason, times]) => (
                    <div key={reason} className="muted" data-testid="why-rejected">
                      {isReason(reason) ? t(`rejectReason.${reason}`) : reason} {times}
                    </div>
                  ))}
                </>
              ),
            }),
          })),
          {
            title: t('experiment.share'),
            key: 'share',
            className: 'number',
            render: (_, { share, share_interval }) =>
              share === null || share_interval === null
                ? '–'
                : t('experiment.shareOf', {
                    share: part.format(share),
                    low: part.format(share_interval.low),
                    high: part.format(share_interval.high),
                  }),
          },
          {
            title: t('experiment.distance'),
            key: 'distance',
            className: 'number',
            render: (_, { mean_edit_characters: mean, mean_edit_share }) =>
              mean === null || mean_edit_share === null
                ? '–'
                : t('experiment.distanceOf', {
                    characters: characters.format(mean),
                    share: part.format(mean_edit_share),
                  }),
          },
          {
            title: t('experiment.verdict'),
            key: 'verdict',
            render: (_, { verdict, difference, difference_interval: between }) => (
              <>
                {verdict ? t(`experimentVerdict.${verdict}`) : '–'}
                {difference !== null && between !== null && (
                  <div className="muted number">
                    {t('experiment.difference', {
                      difference: signed.format(difference),
                      low: signed.format(between.low),
                      high: signed.format(between.high),
                    })}
                  </div>
                )}
              </>
            ),
          },
        ]}
      />
      <p className="muted">{t('experiment.note')}</p>
    </section>
  )
}
