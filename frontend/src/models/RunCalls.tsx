import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Drawer, Empty, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useDesk } from '../shared/desk'
import { duration } from '../shared/format'
import { useProblemText } from '../shared/problems'
import { type Call, MOST, modelsApi } from './api'
import { CallTexts } from './CallTexts'

const tones = {
  completed: 'approve',
  shared: 'approve',
  failed: 'reject',
  refused: 'reject',
  cancelled: 'expired',
} as const

/** What one run asked of language models: who answered, what failed before, what it used and cost. */
export function RunCalls({ threadId, runId }: { threadId: string; runId: string }) {
  const { t, i18n } = useTranslation()
  const { may } = useDesk()
  const problemText = useProblemText()
  const [shown, setShown] = useState<string>()
  const told = useQuery({
    queryKey: ['models', 'run', runId],
    queryFn: () => modelsApi.ofRun(threadId, runId),
    staleTime: 0,
    // A call is written down a moment after its end.
    refetchInterval: ({ state }) => (state.data?.items.length === 0 ? 2000 : false),
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
  if (!told.data) return <p className="skeleton">{t('common.loading')}</p>
  const { items, next_cursor } = told.data
  const number = new Intl.NumberFormat(i18n.language)
  const money = (cost: string, currency: string) =>
    new Intl.NumberFormat(i18n.language, { style: 'currency', currency, maximumFractionDigits: 6 }).format(
      Number(cost),
    )
  return (
    <>
      <p className="row">
        <Link to={`/console/${threadId}`}>{t('models.toThread')}</Link>
        {may('model.read') && <Link to="/models">{t('models.toAll')}</Link>}
        <Button size="small" loading={told.isFetching} onClick={() => void told.refetch()}>
          {t('models.refresh')}
        </Button>
      </p>
      {next_cursor !== null && <p className="muted">{t('models.more', { count: MOST })}</p>}
      <Table<Call>
        rowKey="id"
        size="small"
        dataSource={items}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty description={t('models.none')} /> }}
        data-testid="run-calls"
        columns={[
          {
            title: t('models.node'),
            dataIndex: 'node',
            render: (node: string) => t(`modelPurpose.${node as 'script'}`),
          },
          {
            title: t('models.model'),
            dataIndex: 'model',
            render: (model: string, { backend, provider, fallback_from }) => (
              <>
                <strong>{model}</strong>
                <div className="muted">
                  {[
                    provider,
                    backend,
                    ...(fallback_from ? [t('models.instead', { backend: fallback_from })] : []),
                  ].join(' · ')}
                </div>
              </>
            ),
          },
          {
            title: t('models.status'),
            dataIndex: 'status',
            render: (status: Call['status'], { attempts, hops, failure }) => (
              <>
                <span className={`state state-${tones[status]}`}>{t(`modelStatus.${status}`)}</span>
                <div className="muted">
                  {[
                    ...(failure ? [t(`modelReason.${failure as 'timeout'}`)] : []),
                    ...(attempts > 1 ? [t('models.attempts', { count: attempts })] : []),
                    ...hops.map(({ backend, reason }) =>
                      t('models.hop', { backend, reason: t(`modelReason.${reason as 'timeout'}`) }),
                    ),
                  ].join(' · ')}
                </div>
              </>
            ),
          },
          {
            title: t('models.tokens'),
            key: 'tokens',
            className: 'number',
            render: (_, { input_tokens, output_tokens, cached_tokens, estimated }) => (
              <>
                {`${number.format(input_tokens)} / ${number.format(output_tokens)}`}
                <div className="muted">
                  {[
                    ...(cached_tokens > 0 ? [t('models.cached', { count: cached_tokens })] : []),
                    ...(estimated ? [t('models.estimated')] : []),
                  ].join(' · ')}
                </div>
              </>
            ),
          },
          {
            title: t('models.cost'),
            dataIndex: 'cost',
            className: 'number',
            render: (cost: string, { currency }) => (Number(cost) > 0 ? money(cost, currency) : '–'),
          },
          {
            title: t('models.time'),
            dataIndex: 'total_ms',
            className: 'number',
            render: (total: number, { first_token_ms }) =>
              [first_token_ms === null ? '–' : duration(first_token_ms), duration(total)].join(' / '),
          },
          ...(may('model.texts')
            ? [
                {
                  title: t('models.texts'),
                  dataIndex: 'texts',
                  render: (kept: boolean, { id }: Call) =>
                    kept ? (
                      <Button size="small" onClick={() => setShown(id)}>
                        {t('models.textsShow')}
                      </Button>
                    ) : (
                      <span className="muted">{t('models.textsNone')}</span>
                    ),
                },
              ]
            : []),
        ]}
      />
      <Drawer
        title={t('models.texts')}
        open={shown !== undefined}
        onClose={() => setShown(undefined)}
        size="large"
      >
        {shown !== undefined && <CallTexts key={shown} callId={shown} />}
      </Drawer>
    </>
  )
}
