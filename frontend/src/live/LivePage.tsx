import '../i18n/addLive'
import '../i18n/addShows'
import '../i18n/addReview'
import './live.css'
import { useQuery } from '@tanstack/react-query'
import { Alert, App, Empty, Skeleton } from 'antd'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useParams } from 'react-router'
import { api } from '../shared/api'
import { useProblemText } from '../shared/problems'
import { recall, remember } from '../shared/storage'
import { Unread } from '../shared/Unread'
import { Director } from './Director'

const LAST = 'cuedesk:live-room'

/** The director's page of a room; without one in the address the last that was directed, the only one, or a choice. */
export default function LivePage() {
  return (
    <App component={false}>
      <Choice />
    </App>
  )
}

function Choice() {
  const { t } = useTranslation()
  const { room } = useParams()
  const problemText = useProblemText()
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms })
  const found = rooms.data?.find(({ id }) => id === room)
  useEffect(() => {
    document.title = `${found ? `${found.name} · ` : ''}${t('live.title')} · Cuedesk`
    if (found) remember(LAST, found.id)
  }, [t, found])
  if (found && rooms.data) return <Director key={found.id} room={found} rooms={rooms.data} />
  if (rooms.data && !room) {
    const last = rooms.data.find(({ id }) => id === recall(LAST))
    const only = rooms.data.length === 1 ? rooms.data[0] : undefined
    const there = last ?? only
    if (there) return <Navigate to={`/live/${there.id}`} replace />
  }
  return (
    <main className="page">
      <h1>{t('live.title')}</h1>
      <Unread asked={rooms} />
      {rooms.isPending && <Skeleton active title={false} />}
      {rooms.data?.length === 0 && (
        <Empty description={t('live.none')}>
          <p className="muted">{t('live.noneHint')}</p>
          <Link to="/settings">{t('live.toSettings')}</Link>
        </Empty>
      )}
      {rooms.data && rooms.data.length > 0 && (
        <section aria-labelledby="choose-room">
          {room && <Alert type="warning" showIcon title={problemText({ code: 'not_found' })} />}
          <h2 id="choose-room">{t('live.choose')}</h2>
          <ul className="live-rooms">
            {rooms.data.map(({ id, name }) => (
              <li key={id}>
                <Link to={`/live/${id}`}>{name}</Link>
              </li>
            ))}
          </ul>
        </section>
      )}
    </main>
  )
}
