import '../i18n/addExperiments'
import { PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Drawer, Table, Tooltip } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { useDesk } from '../shared/desk'
import { noRows, Unread } from '../shared/Unread'
import { type Experiment, experimentsApi } from './api'
import { NewExperiment } from './NewExperiment'
import { Results } from './Results'
import { Steps } from './Steps'

/** Ways of writing that are tried beside each other, and what came of one experiment. */
export default function ExperimentsPage() {
  const { t } = useTranslation()
  const { may } = useDesk()
  const { experiment: chosen } = useParams()
  const [making, setMaking] = useState(false)
  const reads = may('experiment.read')
  const list = useQuery({
    queryKey: ['experiments'],
    queryFn: experimentsApi.list,
    staleTime: 0,
    enabled: reads,
  })
  const writes = may('experiment.write')
  useEffect(() => {
    document.title = `${t('experiment.title')} · Cuedesk`
  }, [t])
  if (!reads) {
    return (
      <main className="page">
        <h1>{t('experiment.title')}</h1>
        <Alert type="warning" showIcon title={t('problem.forbidden')} />
      </main>
    )
  }
  return (
    <main className="page">
      <div className="row spread">
        <h1>{t('experiment.title')}</h1>
        <Tooltip title={writes ? undefined : t('common.mayNotChange')}>
          <Button
            type="primary"
            icon={<PlusOutlined />}
            disabled={!writes}
            onClick={() => setMaking(true)}
            data-testid="new-experiment"
          >
            {t('experiment.create')}
          </Button>
        </Tooltip>
      </div>
      <Unread asked={list} />
      <Table<Experiment>
        rowKey="id"
        dataSource={list.data}
        loading={{ spinning: list.isPending, delay: 150 }}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        locale={noRows(list, t('experiment.none'))}
        columns={[
          {
            title: t('experiment.key'),
            dataIndex: 'key',
            width: 180,
            render: (key: string, { id }) => (
              <Link to={`/experiments/${id}`} aria-label={t('experiment.show', { name: key })}>
                {key}
              </Link>
            ),
          },
          {
            title: t('experiment.question'),
            dataIndex: 'question',
            render: (question: string) => <div className="words">{question}</div>,
          },
          {
            title: t('experiment.unit'),
            dataIndex: 'unit',
            width: 120,
            render: (unit: Experiment['unit']) => t(`experimentUnit.${unit}`),
          },
          {
            title: t('experiment.variants'),
            dataIndex: 'variants',
            width: 220,
            className: 'number',
            render: (variants: Experiment['variants']) => (
              <div className="words">
                {variants.map(({ key, weight }) => `${key} ${weight}%`).join(' · ')}
              </div>
            ),
          },
          {
            title: t('experiment.state'),
            dataIndex: 'status',
            width: 110,
            render: (status: Experiment['status']) => t(`experimentStatus.${status}`),
          },
          ...(writes
            ? [
                {
                  title: <span className="visually-hidden">{t('common.actions')}</span>,
                  key: 'actions',
                  width: 260,
                  render: (_: unknown, one: Experiment) => <Steps experiment={one} />,
                },
              ]
            : []),
        ]}
      />
      {chosen && <Results key={chosen} experimentId={chosen} />}
      <Drawer
        open={making}
        onClose={() => setMaking(false)}
        size={720}
        title={t('experiment.create')}
        destroyOnHidden
      >
        {making && <NewExperiment onMade={() => setMaking(false)} />}
      </Drawer>
    </main>
  )
}
