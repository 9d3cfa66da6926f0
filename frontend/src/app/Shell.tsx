import { KeyOutlined, LogoutOutlined } from '@ant-design/icons'
import { Button, Popover } from 'antd'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { NavLink, Outlet, useLocation, useNavigate } from 'react-router'
import { byUrgency } from '../approvals/queue'
import { useQueue } from '../approvals/useQueue'
import { useDesk } from '../shared/desk'
import { isPageKey } from '../shared/keys'
import { Connection, ConnectionBanner } from './Connection'

const Keys = lazy(() => import('./Keys'))
const Menu = lazy(() => import('./Menu'))
const Alerts = lazy(() => import('../approvals/Alerts'))

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
const GO_MS = 1500

/** The frame around every page: where one can go, how the line is, who one is. */
export function Shell({ onLogout }: { onLogout: () => void }) {
  const { t } = useTranslation()
  const { me, may } = useDesk()
  const navigate = useNavigate()
  // The menu is closed by another page.
  const { pathname } = useLocation()
  const { queue, list } = useQueue()
  const pending = byUrgency(queue).length
  const [help, setHelp] = useState(false)
  const goAt = useRef(0)

  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!isPageKey(event)) return
      if (event.key === '?') setHelp(true)
      else if (event.key === 'g') goAt.current = Date.now()
      else if (Date.now() - goAt.current < GO_MS && event.key in pages) {
        goAt.current = 0
        // Seen first and stopped: the letter means a page now, not what it means on this one.
        event.stopImmediatePropagation()
        navigate(`/${pages[event.key as keyof typeof pages]}`)
      }
    }
    window.addEventListener('keydown', listen, true)
    return () => window.removeEventListener('keydown', listen, true)
  }, [navigate])

  return (
    <div className="shell">
      <header className="top">
        <span className="brand">
          <img src="/icon.svg" alt="" width={24} height={24} />
          <strong>{t('app.name')}</strong>
        </span>
        <nav className="pages" aria-label={t('app.pages')}>
          {Object.values(pages).map(
            (page) =>
              (page !== 'rules' || may('rules.read')) &&
              (page !== 'settings' || may('catalogue.write')) && (
                <NavLink key={page} to={`/${page}`}>
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
            icon={<KeyOutlined />}
            aria-label={t('keys.title')}
            title={`${t('keys.title')} (?)`}
            onClick={() => setHelp(true)}
          />
          <Popover
            key={pathname}
            trigger="click"
            placement="bottomRight"
            content={
              <div className="user-menu">
                <p className="muted">
                  {me.user.email} · {me.tenant.name}
                </p>
                <Suspense fallback={null}>
                  <Menu />
                </Suspense>
                <Button block icon={<LogoutOutlined />} onClick={onLogout}>
                  {t('login.logout')}
                </Button>
              </div>
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
      <Outlet />
      {help && (
        <Suspense fallback={null}>
          <Keys onClose={() => setHelp(false)} />
        </Suspense>
      )}
    </div>
  )
}
