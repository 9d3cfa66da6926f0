import '../i18n/addElsewhere'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useLocation } from 'react-router'

/**
 * After signing in for another page of ours (the teleprompter is one): back there; from the front door to the desk. Any
 * other address leads nowhere, and is told so.
 */
export default function Elsewhere() {
  const { pathname, search } = useLocation()
  const asked = new URLSearchParams(search).get('next') ?? ''
  const next = new URL(
    URL.canParse(asked, location.origin) ? asked || '/console' : '/console',
    location.origin,
  )
  const ours = next.origin === location.origin
  const away = ours && (next.pathname.endsWith('.html') || next.pathname === '/remote')
  useEffect(() => {
    if (away) location.replace(next.href)
  }, [away, next.href])
  if (!/^\/(login)?$/.test(pathname)) return <NotFound pathname={pathname} />
  return away ? null : <Navigate to={ours ? next.pathname : '/console'} replace />
}

/** It stays in the bar to be corrected, and there is a way on. */
function NotFound({ pathname }: { pathname: string }) {
  const { t } = useTranslation()
  useEffect(() => {
    document.title = `${t('elsewhere.title')} · Cuedesk`
  }, [t])
  return (
    <main className="page" data-testid="not-found">
      <h1>{t('elsewhere.title')}</h1>
      <p>{t('elsewhere.hint', { address: pathname, interpolation: { escapeValue: false } })}</p>
      <p>
        <Link className="text-link" to="/console">
          {t('elsewhere.back')}
        </Link>
      </p>
    </main>
  )
}
