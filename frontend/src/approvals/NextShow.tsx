import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { moment } from '../shared/format'
import { everyPage } from '../shared/rest'
import { nextOf } from './nextShow'

/** For an empty queue: the show that is live next, for which there will be something to approve. */
export function NextShow() {
  const { t, i18n } = useTranslation()
  const { socket } = useDesk()
  // The one that begins first may be the one that was planned first.
  const shows = useQuery({ queryKey: ['shows', 'next'], queryFn: () => everyPage(api.shows), staleTime: 0 })
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms })
  const next = nextOf(shows.data ?? [], socket.clock.now())
  const room = rooms.data?.find(({ id }) => id === next?.room_id)
  if (!next?.starts_at || !room) return null
  return (
    <Link className="number" to={`/rundown/${next.id}`} data-testid="next-show">
      {t('approvalDesk.nextShow', {
        time: moment(next.starts_at, i18n.language),
        room: room.name,
        name: next.name,
      })}
    </Link>
  )
}
