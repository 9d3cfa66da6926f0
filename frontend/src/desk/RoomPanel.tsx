import { CheckCircleFilled, DesktopOutlined, ExportOutlined, EyeInvisibleOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { api } from '../shared/api'
import { useRoomState } from '../shared/desk'
import { moment } from '../shared/format'
import { aroundLine } from './onAir'

/** What a room's teleprompter shows now, and whether a display confirmed it. */
export function RoomPanel({ roomId }: { roomId: string }) {
  const { t, i18n } = useTranslation()
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms })
  const state = useRoomState(roomId)
  const room = rooms.data?.find(({ id }) => id === roomId)
  const onScreen = state && state.version > 0 && state.acked_version >= state.version
  const position = onScreen ? state.position : -1
  const content = state?.content ?? ''
  const { before, line, after } = useMemo(
    () => (position < 0 ? { before: content, line: '', after: '' } : aroundLine(content, position)),
    [content, position],
  )
  const box = useRef<HTMLDivElement>(null)
  // The line that is being read stays in view; only this box moves, never the page.
  useEffect(() => {
    const mark = line ? box.current?.querySelector('mark') : null
    if (!box.current || !mark) return
    const { offsetTop } = mark
    const { scrollTop, clientHeight } = box.current
    if (offsetTop < scrollTop || offsetTop + mark.offsetHeight > scrollTop + clientHeight)
      box.current.scrollTop = offsetTop - clientHeight / 3
  }, [line])
  return (
    <section aria-label={t('room.title')} data-testid="room-panel">
      <div className="row spread">
        <h2>
          <DesktopOutlined /> {room?.name ?? t('room.title')}
        </h2>
        <span className="row">
          <Link to={`/live/${roomId}`}>{t('nav.live')}</Link>
          <a href={`/prompter.html?room=${roomId}`} target="_blank" rel="noreferrer">
            {t('room.open')} <ExportOutlined />
          </a>
        </span>
      </div>
      {!state && <p className="skeleton">{t('common.loading')}</p>}
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
          <div ref={box} className="room-text script-text" data-testid="room-text" tabIndex={0}>
            {before}
            {line && (
              <mark className="on-air-line" data-testid="on-air-line" aria-current="location">
                {line}
              </mark>
            )}
            {after}
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
