import { CheckCircleFilled, DesktopOutlined, ExportOutlined, EyeInvisibleOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { useRoomState } from '../shared/desk'
import { moment } from '../shared/format'

/** What a room's teleprompter shows now, and whether a display confirmed it. */
export function RoomPanel({ roomId }: { roomId: string }) {
  const { t, i18n } = useTranslation()
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms })
  const state = useRoomState(roomId)
  const room = rooms.data?.find(({ id }) => id === roomId)
  const onScreen = state && state.version > 0 && state.acked_version >= state.version
  return (
    <section aria-label={t('room.title')} data-testid="room-panel">
      <div className="row spread">
        <h3>
          <DesktopOutlined /> {room?.name ?? t('room.title')}
        </h3>
        <a href={`/prompter.html?room=${roomId}`} target="_blank" rel="noreferrer">
          {t('room.open')} <ExportOutlined />
        </a>
      </div>
      {!state && <p className="muted">{t('common.loading')}</p>}
      {state?.version === 0 && <p className="muted">{t('room.empty')}</p>}
      {state && state.version > 0 && (
        <>
          <p className="row">
            {onScreen ? (
              <span className="state state-live" data-testid="on-screen">
                <CheckCircleFilled />
                {t('room.onScreen')}
              </span>
            ) : (
              <span className="state state-pending" data-testid="not-on-screen">
                <EyeInvisibleOutlined />
                {t('room.notOnScreen')}
              </span>
            )}
            <span className="muted number">
              {t('room.version', { version: state.version })} · {moment(state.updated_at, i18n.language)}
            </span>
          </p>
          <strong>{state.title}</strong>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long script scrolls, by the keyboard too */}
          <div className="room-text script-text" data-testid="room-text" tabIndex={0}>
            {state.content}
          </div>
          {onScreen && state.position > 0 && (
            <p className="muted number">
              {t('room.position', {
                position: Math.round(state.position),
                total: Array.from(state.content).length,
              })}
            </p>
          )}
        </>
      )}
    </section>
  )
}
