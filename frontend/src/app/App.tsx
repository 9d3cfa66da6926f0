import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App as AntdApp, Button, ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { lazy, Suspense, useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { createBrowserRouter, Navigate, RouterProvider } from 'react-router'
import DeskPage from '../desk/DeskPage'
import { api, type Me } from '../shared/api'
import { DeskProvider } from '../shared/desk'
import { useProblemText } from '../shared/problems'
import { RestProblem } from '../shared/rest'
import { Login } from './Login'
import { Shell } from './Shell'
import { useAntdTheme } from './theme'

const ApprovalsPage = lazy(() => import('../approvals/ApprovalsPage'))
const ScriptsPage = lazy(() => import('../scripts/ScriptsPage'))
const ProductsPage = lazy(() => import('../products/ProductsPage'))
const HostsPage = lazy(() => import('../hosts/HostsPage'))

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) =>
        count < 2 && (!(error instanceof RestProblem) || error.status >= 500 || error.status === 0),
    },
  },
})

const router = createBrowserRouter([
  {
    element: <SignedIn />,
    children: [
      { path: '/console/:thread?', element: <DeskPage /> },
      { path: '/approvals/:id?', element: <ApprovalsPage /> },
      { path: '/scripts', element: <ScriptsPage /> },
      { path: '/products', element: <ProductsPage /> },
      { path: '/hosts', element: <HostsPage /> },
      { path: '*', element: <Navigate to="/console" replace /> },
    ],
  },
])

export function App() {
  const { i18n } = useTranslation()
  const theme = useAntdTheme()
  return (
    <ConfigProvider
      theme={theme}
      locale={i18n.language === 'en' ? enUS : zhCN}
      button={{ autoInsertSpace: false }}
    >
      <AntdApp className="app">
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </AntdApp>
    </ConfigProvider>
  )
}

/** Everything behind the login: the desk for who is known, the login page for who is not. */
function SignedIn() {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const me = useQuery<Me | null>({
    queryKey: ['me'],
    queryFn: () =>
      api.me().catch((error: unknown) => {
        if (error instanceof RestProblem && error.status === 401) return null
        throw error
      }),
  })
  const ask = useCallback(() => void cache.invalidateQueries({ queryKey: ['me'] }), [cache])
  const logout = async () => {
    await api.logout().catch(() => undefined)
    // Kept itself: a removed query is no longer the one this page watches.
    cache.setQueryData(['me'], null)
    cache.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' })
  }
  if (me.data) {
    return (
      <DeskProvider key={`${me.data.user.id}-${me.data.tenant.id}`} me={me.data} onRefused={ask}>
        <Suspense fallback={<p className="muted empty">{t('common.loading')}</p>}>
          <Shell onLogout={() => void logout()} />
        </Suspense>
      </DeskProvider>
    )
  }
  if (me.data === null) return <Login onDone={(known) => cache.setQueryData(['me'], known)} />
  if (me.error) {
    return (
      <main className="login">
        <Alert
          type="error"
          showIcon
          title={problemText(me.error as unknown as { code: string })}
          action={<Button onClick={ask}>{t('common.retry')}</Button>}
        />
      </main>
    )
  }
  return null
}
