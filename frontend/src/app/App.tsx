import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query'
import { ConfigProvider } from 'antd'
// As modules, not as antd/locale: what the components fall back to is the same English then, once.
import enUS from 'antd/es/locale/en_US'
import zhCN from 'antd/es/locale/zh_CN'
import { lazy, type ReactNode, Suspense, useCallback, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { createBrowserRouter, RouterProvider, useParams } from 'react-router'
import { api } from '../shared/api'
import { DeskProvider } from '../shared/desk'
import { useProblemText } from '../shared/problems'
import { RestProblem, type Shapes } from '../shared/rest'
import { dropDrafts, dropScripts, remember } from '../shared/storage'
import { Broken } from './Broken'
import { Shell } from './Shell'
import { Trouble } from './Trouble'
import { useAntdTheme } from './theme'

type Me = Shapes['Me']

/** Where the tabs of a browser tell each other that somebody signed out. */
const LEFT = 'cuedesk:left'

const Login = lazy(() => import('./Login'))
const DeskPage = lazy(() => import('../desk/DeskPage'))
const ApprovalsPage = lazy(() => import('../approvals/ApprovalsPage'))
const ScriptsPage = lazy(() => import('../scripts/ScriptsPage'))
const ProductsPage = lazy(() => import('../products/ProductsPage'))
const ShowsPage = lazy(() => import('../rundown/ShowsPage'))
const LivePage = lazy(() => import('../live/LivePage'))
const MemoryPage = lazy(() => import('../memory/MemoryPage'))
const HostsPage = lazy(() => import('../hosts/HostsPage'))
const RulesPage = lazy(() => import('../rules/RulesPage'))
const RarePages = lazy(() => import('./RarePages'))

const AGAIN_MS = 4000
/** Whether asking again may help. */
const passes = (error: unknown) => !(error instanceof RestProblem) || error.retryable

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => count < 2 && passes(error),
      // What a page could not be told because the server was away it is told when the server is back.
      refetchInterval: ({ state: { error } }) => !!error && passes(error) && AGAIN_MS,
    },
  },
})

const router = createBrowserRouter([
  {
    element: <SignedIn />,
    errorElement: <Broken />,
    children: [
      {
        // Below the frame: what is said of the line stays in view.
        errorElement: <Broken />,
        children: [
          { path: '/console/:thread?', element: <Addressed page={<DeskPage />} /> },
          { path: '/approvals/:id?', element: <ApprovalsPage /> },
          { path: '/scripts/:script?', element: <Addressed page={<ScriptsPage />} /> },
          { path: '/rundown/:show?', element: <Addressed page={<ShowsPage />} /> },
          { path: '/live/:room?', element: <Addressed page={<LivePage />} /> },
          { path: '/products/:id?', element: <Addressed made page={<ProductsPage />} /> },
          { path: '/memory', element: <MemoryPage /> },
          { path: '/hosts/:id?', element: <Addressed made page={<HostsPage />} /> },
          { path: '/experiments/:experiment?', element: <Addressed page={<RarePages />} /> },
          { path: '/models', element: <RarePages /> },
          { path: '/rules', element: <RulesPage /> },
          { path: '/settings', element: <RarePages /> },
          { path: '/audit', element: <RarePages /> },
          { path: '/replay/:thread', element: <Addressed page={<RarePages />} /> },
          { path: '*', element: <RarePages page="elsewhere" /> },
        ],
      },
    ],
  },
])

/** A page of one thing, or of the form for a `made` one; an address that can be nothing's is told to be none, as every other. */
function Addressed({ page, made }: { page: ReactNode; made?: true }) {
  const known = Object.values(useParams()).every(
    (id) => !id || /^[\da-f-]{36}$/i.test(id) || (made && id === 'new'),
  )
  return known ? page : <RarePages page="elsewhere" />
}

export function App() {
  const { t, i18n } = useTranslation()
  const theme = useAntdTheme()
  return (
    <ConfigProvider
      theme={theme}
      locale={i18n.language === 'en' ? enUS : zhCN}
      button={{ autoInsertSpace: false }}
      getPopupContainer={() => document.getElementById('popups') ?? document.body}
    >
      <div className="app">
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </div>
      {/* Menus and lists that open over a page are in a part of it that has a name. */}
      <section id="popups" aria-label={t('nav.popups')} />
    </ConfigProvider>
  )
}

/** Everything behind the login: the desk for who is known, the login page for who is not. */
function SignedIn() {
  const problemText = useProblemText()
  const cache = useQueryClient()
  const drop = useCallback(
    () => cache.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' }),
    [cache],
  )
  const me = useQuery<Me | null>({
    queryKey: ['me'],
    queryFn: () =>
      api.me().catch((error: unknown) => {
        if (!(error instanceof RestProblem) || error.status !== 401) throw error
        // Ended elsewhere: the next person finds nothing of this one's; drafts wait for who wrote them.
        dropScripts()
        drop()
        return null
      }),
  })
  const ask = useCallback(() => void cache.invalidateQueries({ queryKey: ['me'] }), [cache])
  const leave = useCallback(() => {
    dropDrafts()
    // Kept itself: a removed query is no longer the one this page watches.
    cache.setQueryData(['me'], null)
    drop()
  }, [cache, drop])
  useEffect(() => {
    // Somebody signed out in another tab: this one, and what was typed in it, is not left to the next person.
    const listen = ({ key, newValue }: StorageEvent) => key === LEFT && newValue && leave()
    addEventListener('storage', listen)
    return () => removeEventListener('storage', listen)
  }, [leave])
  const logout = async () => {
    dropDrafts()
    await api.logout().catch(() => undefined)
    remember(LEFT, String(Date.now()))
    leave()
  }
  if (me.data) {
    return (
      <DeskProvider key={`${me.data.user.id}-${me.data.tenant.id}`} me={me.data} onRefused={ask}>
        <Shell onLogout={() => void logout()} router={router} />
      </DeskProvider>
    )
  }
  if (me.data === null) {
    return (
      <Suspense fallback={null}>
        <Login onDone={(known) => cache.setQueryData(['me'], known)} />
      </Suspense>
    )
  }
  if (me.error) {
    return (
      <main className="login">
        <Trouble text={problemText(me.error)} onAgain={ask} />
      </main>
    )
  }
  return null
}
