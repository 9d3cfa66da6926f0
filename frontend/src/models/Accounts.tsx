import { DownloadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Select, Table } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { noRows, Unread } from '../shared/Unread'
import { type CallSum, type Grouping, groupings, modelsApi } from './api'

const DAY_MS = 86_400_000
const spans = [1, 7, 30, 90, 365] as const

/** What the team's calls of language models used and cost, added up by what one asks for; the calls themselves as a table. */
export function Accounts() {
  const { t, i18n } = useTranslation()
  const [by, setBy] = useState<Grouping>('day')
  const [days, setDays] = useState<number>(30)
  const since = useMemo(() => new Date(Date.now() - days * DAY_MS).toISOString(), [days])
  const read = useQuery({
    queryKey: ['models', 'sums', by, days],
    queryFn: () => modelsApi.sums(by, since),
    staleTime: 0,
    placeholderData: (previous) => previous,
  })
  const number = new Intl.NumberFormat(i18n.language)
  const money = (cost: string, currency: string) =>
    new Intl.NumberFormat(i18n.language, { style: 'currency', currency, maximumFractionDigits: 6 }).format(
      Number(cost),
    )
  const nameOf = (group: string | null) => {
    if (group === null) return '–'
    const words = by === 'node' ? 'modelPurpose' : by === 'status' ? 'modelStatus' : undefined
    return words && i18n.exists(`${words}.${group}`) ? t(`${words}.${group}` as 'modelPurpose.script') : group
  }
  // What was asked for before stands under its own heading until the answer is there.
  const shown = read.data?.by === by ? read.data : undefined
  return (
    <section className="settings-part" aria-labelledby="accounts-title" data-testid="model-accounts">
      <h2 id="accounts-title">{t('modelAccounts.title')}</h2>
      <div className="row">
        <Select<Grouping>
          aria-label={t('modelAccounts.by')}
          value={by}
          onChange={setBy}
          style={{ minWidth: 140 }}
          options={groupings.map((value) => ({ value, label: t(`modelAccounts.${value}`) }))}
        />
        <Select<number>
          aria-label={t('modelAccounts.span')}
          value={days}
          onChange={setDays}
          style={{ minWidth: 140 }}
          options={spans.map((value) => ({ value, label: t('modelAccounts.days', { count: value }) }))}
        />
        <Button
          icon={<DownloadOutlined />}
          href={`/api/v1/model_calls/table?since=${encodeURIComponent(since)}`}
          download
        >
          {t('modelAccounts.table')}
        </Button>
      </div>
      <Unread asked={read} />
      <Table<CallSum>
        rowKey={({ group, currency }) => `${group} ${currency}`}
        size="small"
        dataSource={shown?.items ?? []}
        loading={{ spinning: !shown && !read.isError, delay: 150 }}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={noRows(read, t('modelAccounts.none'))}
        columns={[
          { title: t(`modelAccounts.${by}`), dataIndex: 'group', render: nameOf },
          {
            title: t('modelAccounts.calls'),
            className: 'number',
            dataIndex: 'calls',
            render: (calls: number, { failed, refused }) =>
              [
                number.format(calls),
                ...(failed > 0 ? [t('modelAccounts.failed', { count: failed })] : []),
                ...(refused > 0 ? [t('modelAccounts.refused', { count: refused })] : []),
              ].join(' · '),
          },
          {
            title: t('models.tokens'),
            className: 'number',
            render: (_, { input_tokens, output_tokens, cached_tokens }) => (
              <>
                {number.format(input_tokens)} / {number.format(output_tokens)}
                {cached_tokens > 0 && (
                  <div className="muted">{t('models.cached', { count: cached_tokens })}</div>
                )}
              </>
            ),
          },
          {
            title: t('models.cost'),
            className: 'number',
            dataIndex: 'cost',
            render: (cost: string, { currency }) => money(cost, currency),
          },
        ]}
      />
      {shown && !shown.complete && (
        <p className="muted">{t('modelAccounts.more', { count: shown.items.length })}</p>
      )}
      {(by === 'day' || by === 'month') && <p className="muted">{t('modelAccounts.utc')}</p>}
    </section>
  )
}
