import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { duration } from '../shared/format'
import type { Shapes } from '../shared/rest'
import type { Backend } from './api'

const tones = { closed: 'approve', half_open: 'pending', open: 'reject' } as const
const states = ['closed', 'half_open', 'open'] as const

const pair = ({ p50, p95 }: Shapes['Milliseconds']) =>
  p50 === null || p95 === null ? '–' : `${duration(p50)} / ${duration(p95)}`

/** Every backend with its breaker, its failures and its speed. */
export function Backends({ backends }: { backends: Backend[] }) {
  const { t, i18n } = useTranslation()
  const part = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1 })
  return (
    <Table<Backend>
      rowKey="name"
      size="small"
      dataSource={backends}
      pagination={false}
      scroll={{ x: 'max-content' }}
      data-testid="backends"
      columns={[
        {
          title: t('models.backend'),
          dataIndex: 'name',
          render: (name: string, { provider, model, profile }) => (
            <>
              <strong>{name}</strong>
              <div className="muted">{[provider, profile, model].join(' · ')}</div>
            </>
          ),
        },
        {
          title: t('models.state'),
          dataIndex: 'state',
          render: (state: Backend['state'], backend) => (
            <>
              <span className={`state state-${tones[state]}`}>{t(`modelState.${state}`)}</span>
              <div className="muted">
                {[
                  ...(backend.rests_for_ms > 0
                    ? [t('models.rests', { time: duration(backend.rests_for_ms) })]
                    : []),
                  ...states
                    .filter((one) => one !== 'closed' && backend.states[one])
                    .map(
                      (one) =>
                        `${t(`modelState.${one}`)} ${t('models.ofProcesses', { count: backend.states[one] ?? 0 })}`,
                    ),
                ].join(' · ')}
              </div>
            </>
          ),
        },
        {
          title: t('models.calls'),
          key: 'calls',
          className: 'number',
          render: (_, { answered, failed }) => (
            <>
              {`${answered} / ${Object.values(failed).reduce((sum, count) => sum + count, 0)}`}
              <div className="muted">
                {Object.entries(failed)
                  .map(([reason, count]) => `${t(`modelReason.${reason as 'timeout'}`)} ${count}`)
                  .join(' · ')}
              </div>
            </>
          ),
        },
        {
          title: t('models.errorRate'),
          dataIndex: 'error_rate',
          className: 'number',
          render: (rate: number | null) => (rate === null ? '–' : part.format(rate)),
        },
        { title: t('models.firstToken'), dataIndex: 'first_token_ms', className: 'number', render: pair },
        { title: t('models.total'), dataIndex: 'total_ms', className: 'number', render: pair },
      ]}
    />
  )
}
