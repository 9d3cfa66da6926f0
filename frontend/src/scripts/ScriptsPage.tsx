import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Button, Drawer, Table } from 'antd'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import { Diff } from '../review/Diff'
import { api } from '../shared/api'
import { moment } from '../shared/format'
import type { Shapes } from '../shared/rest'
import { noRows, Unread } from '../shared/Unread'

type Script = Shapes['Script']

/** Approved scripts with their versions. */
export default function ScriptsPage() {
  const { t, i18n } = useTranslation()
  const { script: id } = useParams()
  const navigate = useNavigate()
  // The drawer's own question, asked here too for its title: an old script is in no page that was read.
  const open = useQuery({
    queryKey: ['script', id],
    queryFn: () => api.script(id ?? ''),
    enabled: id !== undefined,
  })
  const list = useInfiniteQuery({
    queryKey: ['scripts'],
    queryFn: ({ pageParam }) => api.scripts(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
  useEffect(() => {
    document.title = `${open.data ? `${open.data.script.title} · ` : ''}${t('nav.scripts')} · Cuedesk`
  }, [t, open.data])
  return (
    <main className="page">
      <h1>{t('nav.scripts')}</h1>
      <Unread asked={list} />
      <Table<Script>
        rowKey="id"
        dataSource={list.data?.pages.flatMap((page) => page.items)}
        loading={{ spinning: list.isPending, delay: 150 }}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={noRows(list, t('script.empty'))}
        columns={[
          {
            title: t('script.title'),
            dataIndex: 'title',
            render: (title: string, row) => (
              <Link className="link" to={`/scripts/${row.id}`}>
                {title}
              </Link>
            ),
          },
          {
            title: t('script.scenario'),
            dataIndex: 'scenario',
            width: 140,
            render: (name: string) =>
              i18n.exists(`scenario.${name}`) ? t(`scenario.${name}` as 'scenario.opening') : name,
          },
          { title: t('script.version'), dataIndex: 'latest_version', width: 90, className: 'number' },
          {
            title: t('script.updated'),
            dataIndex: 'updated_at',
            width: 160,
            className: 'number',
            render: (at: string) => moment(at, i18n.language),
          },
          {
            key: 'thread',
            width: 120,
            title: <span className="visually-hidden">{t('approvals.openThread')}</span>,
            render: (_, row) =>
              row.thread_id && <Link to={`/console/${row.thread_id}`}>{t('approvals.openThread')}</Link>,
          },
        ]}
      />
      {list.hasNextPage && <Button onClick={() => list.fetchNextPage()}>{t('common.more')}</Button>}
      <Drawer
        open={id !== undefined}
        onClose={() => navigate('/scripts')}
        size={640}
        title={open.data?.script.title ?? t('nav.scripts')}
        destroyOnHidden
      >
        {id && <Versions id={id} />}
      </Drawer>
    </main>
  )
}

function Versions({ id }: { id: string }) {
  const { t, i18n } = useTranslation()
  const script = useQuery({ queryKey: ['script', id], queryFn: () => api.script(id) })
  if (script.error) return <Unread asked={script} />
  if (!script.data) return <p className="skeleton">{t('common.loading')}</p>
  const versions = [...script.data.versions].sort((a, b) => b.version - a.version)
  return versions.map((version) => (
    <section key={version.version} className="card">
      <header className="card-head">
        <h2>{t('room.version', { version: version.version })}</h2>
        <span className="muted number">{moment(version.created_at, i18n.language)}</span>
      </header>
      {version.draft !== version.content ? (
        <>
          <p className="muted">{t('script.editedByHand')}</p>
          <Diff before={version.draft} after={version.content} />
        </>
      ) : (
        <div className="script-text">{version.content}</div>
      )}
    </section>
  ))
}
