import { lazy } from 'react'
import { useLocation } from 'react-router'

const pages = {
  audit: lazy(() => import('../audit/AuditPage')),
  experiments: lazy(() => import('../experiments/ExperimentsPage')),
  models: lazy(() => import('../models/ModelsPage')),
  replay: lazy(() => import('../replay/ReplayPage')),
  settings: lazy(() => import('../settings/SettingsPage')),
} as const

/** Pages few people open, by the first part of their address. The shell, which all load, does not name their files. */
export default function RarePages() {
  const Page = pages[useLocation().pathname.split('/')[1] as keyof typeof pages]
  return <Page />
}
