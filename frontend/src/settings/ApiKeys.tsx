import '../i18n/addApiKeys'
import './apiKeys.css'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Empty, Table, Tag } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { moment } from '../shared/format'
import { useProblemText } from '../shared/problems'
import { Unread } from '../shared/Unread'
import { type ApiKey, settingsApi } from './api'

const NewApiKey = lazy(() => import('./NewApiKey'))
const ConfirmDelete = lazy(() => import('../shared/ConfirmDelete'))

/** How a service calls with a key, as somebody would type it. */
const example = (question: string) =>
  [
    `curl ${location.origin}/v1/chat/completions \\`,
    '  -H "Authorization: Bearer ck_…" -H "Content-Type: application/json" \\',
    `  -d '{"model": "cuedesk", "messages": [{"role": "user", "content": "${question}"}]}'`,
  ].join('\n')

/** What the team's services sign in with; for administrators. */
export default function ApiKeys() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const read = useQuery({ queryKey: ['api-keys'], queryFn: settingsApi.keys, staleTime: 0 })
  const [making, setMaking] = useState(false)
  const [ending, setEnding] = useState<ApiKey>()
  const keys = read.data?.items ?? []
  const again = () => cache.invalidateQueries({ queryKey: ['api-keys'] })

  const revoke = async (key: ApiKey) => {
    try {
      await settingsApi.revokeKey(key.id)
      message.success(t('apiKeys.revoked'))
    } catch (error) {
      message.error(problemText(error))
    }
    await again()
  }
  return (
    <section className="settings-part" aria-labelledby="api-keys-title" data-testid="api-keys">
      <div className="row spread">
        <h2 id="api-keys-title">{t('apiKeys.title')}</h2>
        <Button onClick={() => setMaking(true)} data-testid="new-api-key">
          {t('apiKeys.create')}
        </Button>
      </div>
      <p className="muted">{t('apiKeys.hint')}</p>
      <Unread asked={read} />
      {read.isPending && <p className="skeleton">{t('common.loading')}</p>}
      {read.isSuccess && keys.length === 0 && (
        <>
          <Empty description={t('apiKeys.none')} />
          <p className="muted">{t('apiKeys.example')}</p>
          <pre className="key-example">{example(t('apiKeys.question'))}</pre>
        </>
      )}
      {read.data && keys.length > 0 && (
        <>
          <p className="muted">
            {t('apiKeys.count', { live: keys.filter((key) => !key.expired).length, most: read.data.most })}
          </p>
          <KeyTable keys={keys} onRevoke={setEnding} />
        </>
      )}
      <Suspense fallback={null}>
        {making && <NewApiKey onMade={() => void again()} onClose={() => setMaking(false)} />}
        {ending && (
          <ConfirmDelete
            title={t('apiKeys.revokeTitle', { name: ending.name })}
            hint={t('apiKeys.revokeHint')}
            okText={t('apiKeys.revoke')}
            onDelete={() => revoke(ending)}
            onClose={() => setEnding(undefined)}
          />
        )}
      </Suspense>
    </section>
  )
}

function KeyTable({ keys, onRevoke }: { keys: ApiKey[]; onRevoke: (key: ApiKey) => void }) {
  const { t, i18n } = useTranslation()
  const madeBy = ({ created_by_name: name, created_by_role: role }: ApiKey) => {
    if (role === null) return t('apiKeys.madeByLeft', { name })
    return role === 'admin' ? name : t('apiKeys.madeByNotAdmin', { name })
  }
  return (
    <Table<ApiKey>
      rowKey="id"
      size="small"
      dataSource={keys}
      pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
      scroll={{ x: 'max-content' }}
      columns={[
        { title: t('apiKeys.name'), dataIndex: 'name' },
        {
          title: t('apiKeys.begins'),
          dataIndex: 'prefix',
          render: (prefix: string) => <code>{prefix}…</code>,
        },
        {
          title: t('apiKeys.scopes'),
          dataIndex: 'scopes',
          render: (scopes: ApiKey['scopes']) =>
            scopes.map((scope) => (
              <Tag key={scope} style={{ marginInlineEnd: 4 }}>
                {t(`apiKeys.scope.${scope}`)}
              </Tag>
            )),
        },
        {
          title: t('apiKeys.lastUsed'),
          dataIndex: 'last_used_at',
          render: (at: ApiKey['last_used_at']) =>
            at ? moment(at, i18n.language) : <span className="muted">{t('apiKeys.neverUsed')}</span>,
        },
        {
          title: t('apiKeys.expires'),
          dataIndex: 'expires_at',
          render: (at: ApiKey['expires_at'], { expired }) => {
            if (expired) return <Tag color="error">{t('apiKeys.expired')}</Tag>
            return at ? new Date(at).toLocaleDateString(i18n.language) : t('apiKeys.never')
          },
        },
        { title: t('apiKeys.madeBy'), dataIndex: 'created_by_name', render: (_, key) => madeBy(key) },
        {
          title: t('apiKeys.revoke'),
          key: 'end',
          render: (_, key) => (
            <Button
              size="small"
              danger
              aria-label={t('apiKeys.revokeOf', { name: key.name })}
              onClick={() => onRevoke(key)}
              data-testid="revoke-api-key"
            >
              {t('apiKeys.revoke')}
            </Button>
          ),
        },
      ]}
    />
  )
}
