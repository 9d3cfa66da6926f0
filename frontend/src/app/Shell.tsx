import { QuestionCircleOutlined, SearchOutlined } from '@ant-design/icons'
import { Button, Popover } from 'antd'
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { type DataRouter, NavLink, Outlet, useLocation, useNavigate } from 'react-router'
import { byUrgency } from '../approvals/queue'
import { useQueue } from '../approvals/useQueue'
import { type Action, useDesk } from '../shared/desk'
import { dialogOpen, isPageKey } from '../shared/keys'
import { part } from '../shared/part'
import type { FrameContext } from '../tour/TourOffer'
import { Connection, ConnectionBanner } from './Connection'

const Keys = lazy(() => import('./Keys'))
const Menu = lazy(() => import('./Menu'))
const Alerts = part(() => import('../approvals/Alerts'))
const CommandBar = lazy(() => import('../command/CommandBar'))
const Tour = lazy(() => import('../tour/Tour'))

const pages = {
  c: 'console',
  a: 'approvals',
  r: 'rundown',
  n: 'live',
  s: 'scripts',
  p: 'products',
  h: 'hosts',
  m: 'memory',
  l: 'rules',
  e: 'settings',
} as const
/** In the menu of the person, not in the row of pages. */
const menuPages = { x: 'experiments', o: 'models' } as const
const GO_MS = 1500

type Page = (typeof pages)[keyof typeof pages] | (typeof menuPages)[keyof typeof menuPages]
/** What a page asks for before it is offered. */
const asks: Partial<Record<Page, Action>> = {
  rules: 'rules.read',
  settings: 'catalogue.write',
  experiments: 'experiment.read',
  models: 'model.read',
}

/** The frame around every page: where one can go, how the line is, who one is. */
export function Shell({ onLogout, router }: { onLogout: () => void; router: DataRouter }) {
  const { t } = useTranslation()
  const { me, may } = useDesk()
  const navigate = useNavigate()
  // The menu is closed by another page.
  const { pathname } = useLocation()
  // Where one is going: a page that is still on its way leaves the one before in view.
  const to = useSyncExternalStore(router.subscribe, () => router.state.location.pathname)
  const { queue, list } = useQueue()
  const pending = byUrgency(queue).length
  const [over, setOver] = useState<'keys' | 'bar' | 'tour'>()
  const close = () => setOver(undefined)
  const goAt = useRef(0)
  const open = (page: Page) => {
    const action = asks[page]
    return !action || may(action)
  }
  const ways: Record<string, Page> = Object.fromEntries(
    Object.entries({ ...pages, ...menuPages }).filter(([, page]) => open(page)),
  )
  const go = useRef(ways)
  go.current = ways

  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      // In a field too: what is typed there is not lost by it.
      if (
        event.key.toLowerCase() === 'k' &&
        (event.ctrlKey || event.metaKey) &&
        !event.shiftKey &&
        !event.altKey
      ) {
        event.preventDefault()
        setOver((now) => (now === 'bar' ? undefined : (now ?? (dialogOpen() ? undefined : 'bar'))))
      }
      if (!isPageKey(event)) return
      const page = Date.now() - goAt.current < GO_MS ? go.current[event.key.toLowerCase()] : undefined
      if (event.key === '?') setOver('keys')
      else if (event.key.toLowerCase() === 'g') goAt.current = Date.now()
      else if (page) {
        goAt.current = 0
        // Seen first and stopped: the letter means a page now, not what it means on this one.
        event.stopImmediatePropagation()
        navigate(`/${page}`)
      }
    }
    window.addEventListener('keydown', listen, true)
    return () => window.removeEventListener('keydown', listen, true)
  }, [navigate])

  return (
    <div className="shell">
      <header className="top" data-going={to !== pathname || undefined}>
        <span className="brand">
          <img src="/icon.svg" alt="" width={24} height={24} />
          <strong>{t('app.name')}</strong>
        </span>
        <nav className="pages" aria-label={t('app.pages')}>
          {Object.values(pages).map(
            (page) =>
              open(page) && (
                <NavLink
                  key={page}
                  to={`/${page}`}
                  className={() => (to.startsWith(`/${page}`) ? 'active' : '')}
                >
                  {t(`nav.${page}`)}
                  {page === 'approvals' && pending > 0 && <span className="badge number">{pending}</span>}
                </NavLink>
              ),
          )}
        </nav>
        <div className="row">
          <Connection />
          <Button
            type="text"
            icon={<SearchOutlined />}
            aria-label={t('common.search')}
            title={`${t('common.search')} (Ctrl K)`}
            onClick={() => setOver('bar')}
            data-testid="open-command-bar"
          />
          <Button
            type="text"
            icon={<QuestionCircleOutlined />}
            aria-label={t('keys.title')}
            title={`${t('keys.title')} (?)`}
            onClick={() => setOver('keys')}
          />
          <Popover
            key={pathname}
            trigger="click"
            placement="bottomRight"
            destroyOnHidden
            content={
              // Whole or not at all: a button that moves as the rest comes is not the one that was meant.
              <Suspense fallback={null}>
                <Menu onLogout={onLogout} />
              </Suspense>
            }
          >
            <Button type="text" aria-haspopup="dialog">
              {me.user.name} · {t(`role.${me.role as 'admin'}`)}
            </Button>
          </Popover>
        </div>
      </header>
      <ConnectionBanner />
      <Suspense fallback={null}>
        <Alerts queue={queue} ready={list.isSuccess} decides={may('interrupt.decide')} />
      </Suspense>
      <Suspense fallback={<p className="skeleton">{t('common.loading')}</p>}>
        <Outlet context={{ onTour: () => setOver('tour') } satisfies FrameContext} />
      </Suspense>
      <Suspense fallback={null}>
        {over === 'keys' && <Keys pages={ways} onTour={() => setOver('tour')} onClose={close} />}
        {over === 'bar' && (
          <CommandBar
            frame={{
              pages: ways,
              queue,
              onKeys: () => setOver('keys'),
              onTour: () => setOver('tour'),
              onLogout,
            }}
            onClose={close}
          />
        )}
        {over === 'tour' && <Tour onClose={close} />}
      </Suspense>
    </div>
  )
}
