import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { useThemeChoice } from '../app/theme'
import { byUrgency, type Queue } from '../approvals/queue'
import { useSounds } from '../approvals/sound'
import { chooseLanguage } from '../i18n'
import { scriptParams } from '../review/params'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { type PageAction, pageActions } from '../shared/pageActions'
import { pageName } from './pageName'
import type { Entry } from './ranking'
import { recents } from './recent'

const SEARCH_PAUSE_MS = 200

/** Where one can go by a letter, and what the frame around the pages can do. */
export interface Frame {
  /** Pages this person may open, by the letter that goes there after G; named as in their addresses. */
  readonly pages: Readonly<Record<string, string>>
  readonly queue: Queue
  readonly onKeys: () => void
  readonly onTour: () => void
  readonly onLogout: () => void
}

/** Everything the command bar can offer for what is typed, and whether more may still come. */
export function useEntries(
  frame: Frame,
  typed: string,
): {
  entries: readonly Entry[]
  reading: boolean
  /** Why something could not be read. */
  problem: unknown
} {
  const { t, i18n } = useTranslation()
  const { me, may } = useDesk()
  const navigate = useNavigate()
  const sounds = useSounds()
  const theme = useThemeChoice()
  const asked = useLate(typed.trim())
  const products = useQuery({ queryKey: ['products'], queryFn: api.products })
  const hosts = useQuery({ queryKey: ['hosts'], queryFn: api.hosts })
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms })
  const shows = useQuery({ queryKey: ['command', 'shows'], queryFn: () => api.shows() })
  // The newest are found by sound too; older ones by what the server finds in their titles.
  const threads = useQuery({ queryKey: ['command', 'threads', ''], queryFn: () => api.threads() })
  const found = useQuery({
    queryKey: ['command', 'threads', asked],
    queryFn: () => api.threads(undefined, asked),
    enabled: asked !== '',
    placeholderData: (previous) => previous,
  })
  // Read once: what the page can do does not change under the dialog.
  const [ofPage] = useState<readonly PageAction[]>(pageActions)

  const entries = useMemo(() => {
    const place = (id: string, kind: Entry['kind'], label: string, to: string, keywords = ''): Entry => ({
      id: `${kind}:${id}`,
      kind,
      label,
      keywords,
      to,
      run: () => navigate(to),
    })
    const action = (id: string, label: string, run: () => void, keys?: string): Entry => ({
      id: `action:${id}`,
      kind: 'action',
      label,
      run,
      ...(keys && { keys }),
    })
    const { pages, queue } = frame
    const live = Object.values(pages).includes('live')
    const seen = new Map(
      [...(threads.data?.items ?? []), ...(found.data?.items ?? [])].map((thread) => [thread.id, thread]),
    )
    const english = i18n.language === 'en'
    const known = [
      ...ofPage.map(({ id, label, run, keys }) => action(`page-${id}`, label, run, keys)),
      ...(may('thread.write') ? [action('new', t('desk.newThread'), () => navigate('/console'))] : []),
      ...Object.entries(pages).map(([letter, page]) => ({
        ...place(page, 'page', pageName(page, t), `/${page}`, page),
        keys: `G ${letter.toUpperCase()}`,
      })),
      action('language', english ? '中文' : 'English', () => chooseLanguage(english ? 'zh-CN' : 'en')),
      ...(['system', 'light', 'dark'] as const)
        .filter((choice) => choice !== theme.choice)
        .map((choice) => action(`theme-${choice}`, t(`commandBar.${choice}`), () => theme.choose(choice))),
      ...(may('interrupt.decide')
        ? [
            action(
              'sounds',
              t(sounds.on ? 'commandBar.mute' : 'commandBar.sound'),
              sounds.on ? sounds.mute : sounds.arm,
              'M',
            ),
          ]
        : []),
      action('keys', t('keys.title'), frame.onKeys, '?'),
      action('tour', t('commandBar.tour'), frame.onTour),
      action('logout', t('login.logout'), frame.onLogout),
      ...byUrgency(queue).flatMap((id) => {
        const item = queue.get(id)
        if (!item) return []
        const script = scriptParams(item.interrupt.params)
        const label = script.title || script.productName || t('review.title')
        return [place(id, 'approval', label, `/approvals/${id}`, `${script.productName} ${script.roomName}`)]
      }),
      ...[...seen.values()].map(({ id, title }) =>
        place(id, 'thread', title || t('desk.untitled'), `/console/${id}`),
      ),
      ...(products.data ?? []).map(({ id, name, brand, category, aliases }) =>
        place(id, 'product', name, `/products/${id}`, [brand, category, ...aliases].join(' ')),
      ),
      ...(hosts.data ?? []).map(({ id, name }) => place(id, 'host', name, `/hosts/${id}`)),
      ...(rooms.data ?? []).map(({ id, name }): Entry => {
        if (live) return place(id, 'room', name, `/live/${id}`)
        const open = () => void window.open(`/prompter.html?room=${id}`, '_blank', 'noreferrer')
        return { id: `room:${id}`, kind: 'room', label: name, run: open }
      }),
      ...(shows.data?.items ?? []).map(({ id, name }) => place(id, 'show', name, `/rundown/${id}`)),
    ]
    const ids = new Set(known.map(({ id }) => id))
    // Chosen before and not in what was read now: an old thread, a decided script.
    const earlier = recents(me.user.id).flatMap(({ id, label, to }) => {
      const kind = id.split(':')[0] as Entry['kind']
      return to !== undefined && !ids.has(id) && kind !== 'page'
        ? [place(id.slice(kind.length + 1), kind, label, to)]
        : []
    })
    return [...known, ...earlier]
  }, [
    frame,
    ofPage,
    threads.data,
    found.data,
    products.data,
    hosts.data,
    rooms.data,
    shows.data,
    sounds,
    theme,
    me,
    may,
    navigate,
    t,
    i18n.language,
  ])
  const reading =
    asked !== typed.trim() ||
    found.isFetching ||
    [products, hosts, rooms, shows, threads].some(({ isLoading }) => isLoading)
  const problem = [found, products, hosts, rooms, shows, threads].find(({ isError }) => isError)?.error
  return { entries, reading, problem }
}

/** A value once it has not changed for a moment. */
function useLate(value: string): string {
  const [late, setLate] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), SEARCH_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return late
}
