import { lazy } from 'react'
import { useLocation } from 'react-router'

const pages = {
  audit: lazy(() => import('../audit/AuditPage')),
  elsewhere: lazy(() => import('./Elsewhere')),
  experiments: lazy(() => import('../experiments/ExperimentsPage')),
  models: lazy(() => import('../models/ModelsPage')),
  replay: lazy(() => import('../replay/ReplayPage')),
  settings: lazy(() => import('../settings/SettingsPage')),
} as const

/**
 * Pages few people open, by the first part of their address, or the one for every address that is no page's (`page`). The
 * shell, which all load, does not name their files.
 */
export default function RarePages({ page }: { page?: 'elsewhere' }) {
  const asked = useLocation().pathname.split('/')[1] as keyof typeof pages
  const Page = pages[page ?? asked]
  return <Page />
}
