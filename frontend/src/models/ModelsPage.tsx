import '../i18n/addModels'
import { useQuery } from '@tanstack/react-query'
import { Alert, App, Button, Table } from 'antd'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { useDesk } from '../shared/desk'
import { Unread } from '../shared/Unread'
import { Accounts } from './Accounts'
import { modelsApi, type Route } from './api'
import { Backends } from './Backends'
import { Budget } from './Budget'
import { OwnModels } from './OwnModels'
import { RunCalls } from './RunCalls'

/** How the language models are doing, what the team may use and which are its own; with `?thread=&run=` what one run asked of them. */
export default function ModelsPage() {
  const { t } = useTranslation()
  const { may } = useDesk()
  const [params] = useSearchParams()
  const [thread, run] = [params.get('thread'), params.get('run')]
  useEffect(() => {
    document.title = `${t('models.title')} · Cuedesk`
  }, [t])
  return (
    <main className="page">
      {thread && run ? (
        <>
          <h1>{t('models.runTitle')}</h1>
          <RunCalls key={run} threadId={thread} runId={run} />
        </>
      ) : !may('model.read') ? (
        <>
          <h1>{t('models.title')}</h1>
          <Alert type="warning" showIcon title={t('models.forbidden')} data-testid="forbidden" />
        </>
      ) : (
        <App component={false}>
          <Health />
          <Budget writes={may('policies.write')} />
          <Accounts />
          {may('model.write') && <OwnModels />}
        </App>
      )}
    </main>
  )
}

function Health() {
  const { t } = useTranslation()
  const told = useQuery({
    queryKey: ['models'],
    queryFn: modelsApi.health,
    staleTime: 0,
    refetchInterval: 10_000,
  })
  const { data } = told
  return (
    <>
      <div className="row spread">
        <h1>{t('models.title')}</h1>
        <Button loading={told.isFetching} onClick={() => void told.refetch()}>
          {t('models.refresh')}
        </Button>
      </div>
      <Unread asked={told} />
      {told.isPending && <p className="skeleton">{t('common.loading')}</p>}
      {data && (
        <>
          {!data.complete && <Alert type="warning" showIcon title={t('models.alone')} />}
          <p className="muted">
            {t('models.explain', {
              minutes: Math.round(data.window_seconds / 60),
              processes: data.processes,
            })}
          </p>
          <Backends backends={data.backends} />
          <section>
            <h2>{t('models.routes')}</h2>
            <Table<Route>
              rowKey="purpose"
              size="small"
              dataSource={data.routes}
              pagination={false}
              scroll={{ x: 'max-content' }}
              columns={[
                {
                  title: t('models.purpose'),
                  dataIndex: 'purpose',
                  render: (purpose: string) => t(`modelPurpose.${purpose as 'script'}`),
                },
                {
                  title: t('models.order'),
                  dataIndex: 'backends',
                  render: (names: string[]) =>
                    names.length > 0 ? (
                      names.join(' → ')
                    ) : (
                      <span className="muted">{t('models.nobody')}</span>
                    ),
                },
              ]}
            />
          </section>
        </>
      )}
    </>
  )
}
