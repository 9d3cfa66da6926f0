import {
  CaretRightOutlined,
  DeleteOutlined,
  DownloadOutlined,
  PauseOutlined,
  RedoOutlined,
  StopOutlined,
} from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Checkbox } from 'antd'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router'
import type { ShowView } from '../generated/protocol'
import { useSession, useSessionState } from '../session/useSession'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { clockTime, moment } from '../shared/format'
import { useProblemText } from '../shared/problems'
import { uuid7 } from '../wire/ids'
import { PlanTable } from './PlanTable'
import { RoomRundown } from './RoomRundown'
import { ShowProgressBar } from './ShowProgressBar'

const formats = ['docx', 'txt', 'srt'] as const

/** One show: its plan, how far it is, and what can be done with it. It follows the show's log, live. */
export function ShowDesk({ showId }: { showId: string }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const session = useSession(showId)
  const show = useSessionState(session, ({ thread }) => thread.show)
  const phase = useSessionState(session, (state) => state.phase)
  const problem = useSessionState(session, (state) => state.problem)
  useEffect(() => {
    document.title = `${show?.name ?? t('nav.rundown')} · Cuedesk`
  }, [t, show?.name])
  if (phase === 'failed' || (phase === 'ready' && !show)) {
    return (
      <main className="page">
        <Link to="/rundown">{t('show.toList')}</Link>
        <Alert
          type="error"
          showIcon
          title={problemText(problem ?? { code: 'not_found' })}
          action={
            problem?.retryable && <Button onClick={() => void session.open()}>{t('common.retry')}</Button>
          }
        />
      </main>
    )
  }
  if (!show) return <main className="page skeleton">{t('common.loading')}</main>
  return <Desk showId={showId} show={show} />
}

function Desk({ showId, show }: { showId: string; show: ShowView }) {
  const { t, i18n } = useTranslation()
  const { may } = useDesk()
  const { message, modal } = App.useApp()
  const problemText = useProblemText()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const [busy, setBusy] = useState(false)
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms })
  const room = rooms.data?.find(({ id }) => id === show.room_id)
  const writes = may('thread.write')
  const { progress, status } = show

  const act = async (what: (key: string) => Promise<unknown>) => {
    setBusy(true)
    try {
      await what(uuid7())
    } catch (error) {
      message.error(problemText(error))
    } finally {
      setBusy(false)
    }
  }
  const ask = (title: string, content: ReactNode, what: (key: string) => Promise<unknown>) =>
    modal.confirm({
      title,
      content,
      okText: t('show.yes'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => act(what),
    })
  const remove = () =>
    ask(t('common.deleteNamed', { name: show.name }), t('show.removeHint'), async () => {
      await api.deleteShow(showId)
      await cache.invalidateQueries({ queryKey: ['shows'] })
      navigate('/rundown')
    })
  const exportable = show.items.some(({ script_id }) => script_id)
  const underWay = progress.queued + progress.writing
  const rest = progress.planned + underWay
  /** What waits is written already, and people may be reading it: it is withdrawn only when that is said. */
  const cancelRest = () => {
    let waiting = rest === 0
    ask(
      t('show.cancelRest'),
      waiting ? (
        t('show.withdrawHint', { count: progress.waiting })
      ) : (
        <>
          <p>{t('show.cancelHint')}</p>
          {progress.waiting > 0 && (
            <Checkbox
              onChange={({ target }) => {
                waiting = target.checked
              }}
            >
              {t('show.withdrawToo', { count: progress.waiting })}
            </Checkbox>
          )}
        </>
      ),
      (key) => api.cancelShow(showId, waiting, key),
    )
  }
  return (
    <main className="page">
      <Link to="/rundown">{t('show.toList')}</Link>
      <div className="row spread">
        <div>
          <h1>{show.name}</h1>
          <p className="muted number">
            {[
              room?.name,
              show.starts_at && moment(show.starts_at, i18n.language),
              `${t('show.length')} ${clockTime(show.total_seconds)}`,
              t(`showStatus.${status}`),
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
        <div className="row">
          {status === 'running' ? (
            <Button
              icon={<PauseOutlined />}
              disabled={!writes || busy || progress.planned === 0}
              onClick={() => void act((key) => api.pauseShow(showId, key))}
            >
              {t('show.pause')}
            </Button>
          ) : (
            <Button
              type="primary"
              icon={<CaretRightOutlined />}
              disabled={!writes || busy || progress.planned === 0}
              onClick={() => void act((key) => api.startShow(showId, key))}
              data-testid="start-show"
            >
              {t(status === 'paused' ? 'show.resume' : 'show.start')}
            </Button>
          )}
          <Button
            icon={<RedoOutlined />}
            disabled={!writes || busy || progress.failed === 0}
            onClick={() => void act((key) => api.retryShow(showId, undefined, key))}
          >
            {t('show.retryFailed', { count: progress.failed })}
          </Button>
          <Button
            icon={<StopOutlined />}
            disabled={!writes || busy || rest + progress.waiting === 0}
            onClick={cancelRest}
          >
            {t('show.cancelRest')}
          </Button>
          <Button
            icon={<DeleteOutlined />}
            danger
            disabled={!writes || busy || underWay + progress.waiting > 0}
            onClick={remove}
          >
            {t('common.delete')}
          </Button>
        </div>
      </div>
      <ShowProgressBar progress={progress} />
      <PlanTable showId={showId} show={show} writes={writes && !busy} act={act} />
      <section className="card" aria-labelledby="rundown-title">
        <header className="card-head">
          <h2 id="rundown-title">{t('show.rundown')}</h2>
          <div className="row">
            {show.room_id && <Link to={`/live/${show.room_id}`}>{t('nav.live')}</Link>}
            {formats.map((format) => (
              <Button
                key={format}
                icon={<DownloadOutlined />}
                {...(exportable
                  ? {
                      href: `/api/v1/shows/${showId}/export?format=${format}&utc_offset=${offset(show.starts_at)}`,
                    }
                  : { disabled: true })}
                data-testid={`export-${format}`}
              >
                {t(`show.export.${format}`)}
              </Button>
            ))}
          </div>
        </header>
        {show.room_id && <RoomRundown showId={showId} show={show} roomId={show.room_id} writes={writes} />}
      </section>
    </main>
  )
}

/** Minutes east of UTC where this browser is, on the day of the show. */
function offset(startsAt: string | null): number {
  return -(startsAt ? new Date(startsAt) : new Date()).getTimezoneOffset()
}
