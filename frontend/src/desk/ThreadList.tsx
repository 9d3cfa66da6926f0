import { PlusOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Input } from 'antd'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { NavLink, useNavigate } from 'react-router'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { moment } from '../shared/format'
import { useNotices } from '../shared/notices'
import { usePageActions } from '../shared/pageActions'
import { part } from '../shared/part'
import { useProblemText } from '../shared/problems'
import { replayLink } from '../shared/replayLink'
import type { ThreadRow as Thread } from './threadRows'
import { useThreads } from './useThreads'

const ThreadMenu = part(() => import('./ThreadMenu'))
const ConfirmDelete = lazy(() => import('../shared/ConfirmDelete'))

const SEARCH_PAUSE_MS = 250

/** All threads: those one pinned, then the one that moved last first. */
export function ThreadList({ activeId }: { activeId: string | undefined }) {
  const { t, i18n } = useTranslation()
  const notices = useNotices()
  const { may } = useDesk()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const problemText = useProblemText()
  const [search, setSearch] = useState('')
  const [typed, setTyped] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), SEARCH_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed])
  const [renaming, setRenaming] = useState<{ id: string; title: string }>()
  const rows = useRef<HTMLUListElement>(null)
  const { list, threads, asked, watched } = useThreads(search, activeId, rows)
  const refresh = () => {
    asked()
    return cache.invalidateQueries({ queryKey: ['threads'] })
  }
  /** By a key one goes on from where one was: the row whose field is closed. */
  const back = useRef<string>(undefined)
  useEffect(() => {
    if (renaming || !back.current) return
    rows.current?.querySelector<HTMLElement>(`a[href$="${back.current}"]`)?.focus()
    back.current = undefined
  }, [renaming])

  const attempt = async (work: () => Promise<unknown>) => {
    try {
      await work()
      await refresh()
    } catch (error) {
      notices.error(problemText(error))
    }
  }
  const rename = async () => {
    const target = renaming
    setRenaming(undefined)
    const title = target?.title.trim()
    if (target && title && title !== threads.find(({ id }) => id === target.id)?.title)
      await attempt(() => api.renameThread(target.id, title))
  }
  const [deleting, setDeleting] = useState<Thread>()
  /** The focus goes back to the row's menu, or to the row beside one that is gone. */
  const leave = (thread: Thread) => {
    setDeleting(undefined)
    const place = threads.findIndex(({ id }) => id === thread.id)
    const near = [thread, threads[place + 1], threads[place - 1]]
    setTimeout(() => {
      const row = (id: string | undefined) => rows.current?.querySelector(`[data-thread="${id}"]`)
      const there = near.find((one) => row(one?.id))
      row(there?.id)
        ?.querySelector<HTMLElement>(there === thread ? '.thread-menu button' : 'a')
        ?.focus()
    })
  }
  const remove = async (thread: Thread) => {
    await attempt(() => api.deleteThread(thread.id))
    if (thread.id === activeId) navigate('/console')
  }

  const pin = (thread: Thread) => void attempt(() => api.pinThread(thread.id, !thread.pinned_at))
  usePageActions(() => {
    const active = threads.find(({ id }) => id === activeId)
    if (!active) return []
    const { id, title, pinned_at } = active
    return [
      { id: 'replay', label: t('commandBar.replay'), run: () => navigate(replayLink(id)) },
      { id: 'pin', label: t(pinned_at ? 'commandBar.unpin' : 'commandBar.pin'), run: () => pin(active) },
      ...(may('thread.write')
        ? [
            { id: 'rename', label: t('commandBar.rename'), run: () => setRenaming({ id, title }) },
            { id: 'delete', label: t('commandBar.delete'), run: () => setDeleting(active) },
          ]
        : []),
    ]
  })

  const save = (thread: Thread) =>
    import('./exportThread')
      .then(({ exportThread }) => exportThread(thread.id))
      .catch((error: unknown) => notices.error(problemText(error)))

  return (
    <nav className="threads" aria-label={t('desk.threads')}>
      <h1 className="visually-hidden">{t('nav.console')}</h1>
      <div className="row threads-head">
        <Input.Search
          allowClear
          aria-label={t('desk.searchThreads')}
          placeholder={t('desk.searchThreads')}
          onChange={(event) => setTyped(event.target.value)}
          onSearch={(text) => setSearch(text.trim())}
        />
        {may('thread.write') && (
          <Button
            type="primary"
            icon={<PlusOutlined />}
            aria-label={t('desk.newThread')}
            title={t('desk.newThread')}
            onClick={() => navigate('/console')}
          />
        )}
      </div>
      {list.isError && (
        <p className="fact fact-bad">
          {problemText(list.error)}
          <Button size="small" onClick={() => list.refetch()}>
            {t('common.retry')}
          </Button>
        </p>
      )}
      {list.isSuccess && threads.length === 0 && (
        <p className="muted empty">{t(search ? 'desk.noMatch' : 'desk.noThreads')}</p>
      )}
      <ul ref={rows} {...watched}>
        {threads.map((thread) => (
          <li
            key={thread.id}
            data-thread={thread.id}
            className={thread.id === activeId ? 'thread thread-active' : 'thread'}
          >
            {renaming?.id === thread.id ? (
              <Input
                autoFocus
                aria-label={t('desk.rename')}
                maxLength={120}
                value={renaming.title}
                onChange={(event) => setRenaming({ ...renaming, title: event.target.value })}
                onBlur={() => void rename()}
                onKeyDown={(event) => {
                  if (event.nativeEvent.isComposing) return
                  if (event.key !== 'Enter' && event.key !== 'Escape') return
                  back.current = renaming.id
                  if (event.key === 'Enter') void rename()
                  else setRenaming(undefined)
                }}
              />
            ) : (
              <>
                <NavLink
                  to={`/console/${thread.id}`}
                  className="thread-link"
                  title={thread.title || t('desk.untitled')}
                >
                  <span className="thread-title">{thread.title || t('desk.untitled')}</span>
                  {thread.last_text && <span className="thread-last muted">{thread.last_text}</span>}
                  <span className="row muted">
                    {thread.pending_interrupts > 0 ? (
                      <span className="tag tag-warn">{t('interruptStatus.pending')}</span>
                    ) : (
                      thread.active_run && <span className="tag tag-info">{t('runStatus.running')}</span>
                    )}
                    <span className="number">{moment(thread.updated_at, i18n.language)}</span>
                  </span>
                </NavLink>
                <span className="thread-menu">
                  <Suspense fallback={null}>
                    <ThreadMenu
                      title={thread.title || t('desk.untitled')}
                      pinned={Boolean(thread.pinned_at)}
                      onPin={() => pin(thread)}
                      onRename={() => setRenaming({ id: thread.id, title: thread.title })}
                      onDelete={() => setDeleting(thread)}
                      onExport={() => void save(thread)}
                      onReplay={() => navigate(replayLink(thread.id))}
                    />
                  </Suspense>
                </span>
              </>
            )}
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <Button block type="text" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
      {deleting && (
        <Suspense fallback={null}>
          <ConfirmDelete
            title={t('desk.deleteThread', { title: deleting.title || t('desk.untitled') })}
            hint={t('desk.deleteThreadHint')}
            onDelete={() => remove(deleting)}
            onClose={() => leave(deleting)}
          />
        </Suspense>
      )}
    </nav>
  )
}
