import { KeyOutlined, LogoutOutlined } from '@ant-design/icons'
import { Badge, Button, Dropdown, Modal } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { NavLink, Outlet, useNavigate } from 'react-router'
import { usePendingCount } from '../approvals/usePendingCount'
import { useDesk } from '../shared/desk'
import { Connection, ConnectionBanner } from './Connection'
import { Preferences } from './Preferences'

const pages = { c: 'console', a: 'approvals', s: 'scripts', p: 'products', h: 'hosts' } as const
const GO_MS = 1500

/** The frame around every page: where one can go, how the line is, who one is. */
export function Shell({ onLogout }: { onLogout: () => void }) {
  const { t } = useTranslation()
  const { me } = useDesk()
  const navigate = useNavigate()
  const pending = usePendingCount()
  const [help, setHelp] = useState(false)
  const goAt = useRef(0)

  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof HTMLElement && event.target.matches('input, textarea, [contenteditable]')
      if (typing || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return
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
          {Object.values(pages).map((page) => (
            <NavLink key={page} to={`/${page}`}>
              {t(`nav.${page}`)}
              {page === 'approvals' && (
                <Badge count={pending} size="small" color="var(--live)" className="number" />
              )}
            </NavLink>
          ))}
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
          <Dropdown
            trigger={['click']}
            menu={{
              items: [
                { key: 'who', disabled: true, label: `${me.user.email} · ${me.tenant.name}` },
                { key: 'logout', icon: <LogoutOutlined />, label: t('login.logout') },
              ],
              onClick: ({ key }) => {
                if (key === 'logout') onLogout()
              },
            }}
            popupRender={(menu) => (
              <div className="user-menu">
                {menu}
                <Preferences />
              </div>
            )}
          >
            <Button type="text">
              {me.user.name} · {t(`role.${me.role as 'admin'}`)}
            </Button>
          </Dropdown>
        </div>
      </header>
      <ConnectionBanner />
      <Outlet />
      <Modal open={help} onCancel={() => setHelp(false)} footer={null} title={t('keys.title')}>
        <Keys />
      </Modal>
    </div>
  )
}

function Keys() {
  const { t } = useTranslation()
  const groups = [
    [
      t('keys.everywhere'),
      ['G C · G A · G S · G P · G H', t('keys.go')],
      ['Ctrl /', t('keys.focus')],
      ['?', t('keys.title')],
    ],
    [
      t('nav.console'),
      ['Enter', t('desk.send')],
      ['Shift Enter', t('keys.newline')],
      ['Esc', t('desk.stop')],
      ['↑', t('keys.editLast')],
    ],
    [
      t('nav.approvals'),
      ['J · K', t('keys.nextPrevious')],
      ['A', t('review.approve')],
      ['E', t('review.edit')],
      ['Ctrl Enter', t('review.submitEdit')],
      ['D', t('review.diff')],
      ['X', t('review.reject')],
      ['Esc', t('review.back')],
    ],
  ] as const
  return groups.map(([title, ...rows]) => (
    <section key={title}>
      <h3>{title}</h3>
      <dl className="keys">
        {rows.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  ))
}
