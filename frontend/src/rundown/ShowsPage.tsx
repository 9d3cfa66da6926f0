import '../i18n/addShows'
import { PlusOutlined } from '@ant-design/icons'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { App, Button, Drawer, Table, Tooltip } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useParams } from 'react-router'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { clockTime, moment } from '../shared/format'
import type { Shapes } from '../shared/rest'
import { noRows, Unread } from '../shared/Unread'

const ShowDesk = lazy(() => import('./ShowDesk').then(({ ShowDesk: desk }) => ({ default: desk })))
// Its form comes when it is wanted: most of the time one looks at a show that is there.
const NewShow = lazy(() => import('./NewShow'))

/** The shows of the team, or one of them. */
export default function ShowsPage() {
  const { show } = useParams()
  return (
    <App component={false}>
      {show ? (
        <Suspense fallback={null}>
          <ShowDesk key={show} showId={show} />
        </Suspense>
      ) : (
        <ShowList />
      )}
    </App>
  )
}

function ShowList() {
  const { t, i18n } = useTranslation()
  const { may } = useDesk()
  const navigate = useNavigate()
  const [making, setMaking] = useState(false)
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms })
  const list = useInfiniteQuery({
    queryKey: ['shows'],
    queryFn: ({ pageParam }) => api.shows(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    // A show that somebody works on moves: what was read before is old.
    staleTime: 0,
  })
  const writes = may('thread.write')
  const roomName = (id: string) => rooms.data?.find((room) => room.id === id)?.name ?? ''
  useEffect(() => {
    document.title = `${t('nav.rundown')} · Cuedesk`
  }, [t])
  return (
    <main className="page">
      <div className="row spread">
        <h1>{t('nav.rundown')}</h1>
        <Tooltip title={writes ? undefined : t('common.mayNotChange')}>
          <Button
            type="primary"
            icon={<PlusOutlined />}
            disabled={!writes}
            onClick={() => setMaking(true)}
            data-testid="new-show"
          >
            {t('show.create')}
          </Button>
        </Tooltip>
      </div>
      <Unread asked={list} />
      <Table<Shapes['Show']>
        rowKey="id"
        dataSource={list.data?.pages.flatMap((page) => page.items)}
        loading={{ spinning: list.isPending, delay: 150 }}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={noRows(list, t('show.none'))}
        columns={[
          {
            title: t('show.name'),
            dataIndex: 'name',
            render: (name: string, show) => <Link to={`/rundown/${show.id}`}>{name}</Link>,
          },
          { title: t('show.room'), dataIndex: 'room_id', width: 180, render: roomName },
          {
            title: t('show.startsAt'),
            dataIndex: 'starts_at',
            width: 160,
            className: 'number',
            render: (at: string | null) => (at ? moment(at, i18n.language) : '–'),
          },
          {
            title: t('show.length'),
            dataIndex: 'total_seconds',
            width: 120,
            className: 'number',
            render: (seconds: number) => clockTime(seconds),
          },
          {
            title: t('show.approvedOf'),
            key: 'progress',
            width: 140,
            className: 'number',
            render: (_, { progress }) => `${progress.approved} / ${progress.total}`,
          },
          {
            title: t('show.state'),
            dataIndex: 'status',
            width: 120,
            render: (status: Shapes['Show']['status']) => t(`showStatus.${status}`),
          },
        ]}
      />
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()}>{t('common.more')}</Button>}
      <Drawer
        open={making}
        onClose={() => setMaking(false)}
        size={880}
        title={t('show.create')}
        destroyOnHidden
      >
        <Suspense fallback={<p className="skeleton">{t('common.loading')}</p>}>
          {making && <NewShow onMade={(id) => navigate(`/rundown/${id}`)} />}
        </Suspense>
      </Drawer>
    </main>
  )
}
