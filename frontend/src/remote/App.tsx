import { useCallback, useEffect, useState } from 'react'
import { isPaired, Refused, type RoomEntry, readPaired, readRoom, readRooms, signIn } from '../prompter/api'
import { bodyOf, RestProblem, rest } from '../shared/rest'
import { firstLanguage, keepLanguage, type Language, words } from './i18n'
import { Remote } from './Remote'

const AGAIN_MS = 3000

type Page =
  | { at: 'loading' | 'missing' | 'unreachable' }
  | { at: 'pick'; rooms: RoomEntry[] }
  | { at: 'room'; room: RoomEntry; controls: boolean }

async function start(id: string | null): Promise<Page | undefined> {
  try {
    if (isPaired) {
      const { room, role } = await readPaired()
      return { at: 'room', room, controls: role === 'remote' }
    }
    if (!id) return { at: 'pick', rooms: await readRooms() }
    const [room, me] = await Promise.all([readRoom(id), bodyOf(rest.GET('/api/v1/auth/me'))])
    return { at: 'room', room, controls: me.permissions.includes('prompter.control') }
  } catch (error) {
    const status = error instanceof RestProblem || error instanceof Refused ? error.status : 0
    if (status === 401) {
      // There one signs in, or connects the phone by a code.
      signIn('/pair')
      return undefined
    }
    return { at: status > 0 && status < 500 && status !== 429 ? 'missing' : 'unreachable' }
  }
}

/** The phone's remote of a room: which one is in the address, or chosen here. */
export function App() {
  const [page, setPage] = useState<Page>({ at: 'loading' })
  const [language, setLanguage] = useState<Language>(firstLanguage)
  const t = words(language)
  const load = useCallback(() => {
    void start(new URLSearchParams(location.search).get('room')).then((found) => {
      if (found) setPage(found)
      if (found?.at === 'unreachable') setTimeout(load, AGAIN_MS)
    })
  }, [])
  useEffect(load, [load])
  useEffect(() => {
    document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN'
    document.title = `${page.at === 'room' ? `${page.room.name} · ` : ''}${t.remote} · Cuedesk`
  }, [page, t, language])
  const refused = useCallback(() => setPage({ at: 'missing' }), [])
  const toggle = () => {
    const other = language === 'en' ? 'zh' : 'en'
    keepLanguage(other)
    setLanguage(other)
  }
  if (page.at === 'room')
    return (
      <Remote
        key={page.room.id}
        room={page.room}
        controls={page.controls}
        language={language}
        onLanguage={toggle}
        refused={refused}
      />
    )
  return (
    <main className="door">
      <h1>{page.at === 'pick' ? t.pickRoom : t.remote}</h1>
      {page.at === 'loading' && <p className="late">{t.loading}</p>}
      {page.at === 'pick' && page.rooms.length === 0 && <p>{t.noRooms}</p>}
      {page.at === 'pick' && (
        <ul>
          {page.rooms.map((room) => (
            <li key={room.id}>
              <a href={`/remote?room=${room.id}`}>{room.name}</a>
            </li>
          ))}
        </ul>
      )}
      {page.at === 'missing' && (
        <>
          <p role="alert">{t.missing}</p>
          <a href="/remote">{t.otherRoom}</a>
        </>
      )}
      {page.at === 'unreachable' && <p role="alert">{t.unreachable}</p>}
      <button type="button" className="plain" onClick={toggle}>
        {t.language}
      </button>
    </main>
  )
}
