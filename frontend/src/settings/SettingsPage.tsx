import '../i18n/addSettings'
import { App } from 'antd'
import { lazy, Suspense, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useDesk } from '../shared/desk'
import { Keeping } from './Keeping'
import { PolicyForm } from './PolicyForm'
import { Rooms } from './Rooms'
import { Skills } from './Skills'

const ApiKeys = lazy(() => import('./ApiKeys'))

/** What a team sets for itself: where its rooms are, what the agents may be asked for by whom, and its services' keys. */
export default function SettingsPage() {
  const { t } = useTranslation()
  const { may } = useDesk()
  useEffect(() => {
    document.title = `${t('nav.settings')} · Cuedesk`
  }, [t])
  return (
    <App component={false}>
      <main className="page">
        <h1>{t('nav.settings')}</h1>
        <Rooms writes={may('catalogue.write')} />
        <Skills writes={may('policies.write')} />
        {may('policies.write') && <PolicyForm />}
        {may('policies.write') && <Keeping />}
        {may('keys.write') && (
          <Suspense fallback={null}>
            <ApiKeys />
          </Suspense>
        )}
      </main>
    </App>
  )
}
