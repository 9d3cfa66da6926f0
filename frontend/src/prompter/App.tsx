import { useCallback, useEffect, useState } from 'react'
import { isPaired, Refused, type RoomEntry, readPaired, readRoom, readRooms, signIn } from './api'
import { Display } from './Display'
import { words } from './i18n'
import { kept, leave } from './keep'
import { useDesk } from './store'

const AGAIN_MS = 3000

type Page =
  | { at: 'loading' }
  | { at: 'pick'; rooms: RoomEntry[] }
  | { at: 'room'; room: RoomEntry }
  | { at: 'missing' | 'unreachable' }

/** Find out what to show: the room asked for, also without a network if this device knows it, or the choice. */
async function start(asked: URLSearchParams): Promise<Page | undefined> {
  const id = asked.get('room')
  const { at } = useDesk.getState().settings
  // From the home screen: where this device was last.
  if (asked.has('app') && at) {
    location.replace(at)
    return undefined
  }
  try {
    if (isPaired) {
      const { room, role } = await readPaired()
      useDesk.setState({ bound: role === 'display' })
      return { at: 'room', room }
    }
    if (!id) return { at: 'pick', rooms: await readRooms() }
    return { at: 'room', room: await readRoom(id) }
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      leave()
      // There one signs in, or connects the device by a code.
      signIn('/pair')
      return undefined
    }
    const answered = error instanceof Refused && error.status > 0
    if (answered && error.status < 500 && error.status !== 429) return { at: 'missing' }
    const last = id ? await kept(id) : undefined
    return last ? { at: 'room', room: { id: last.room, name: last.name } } : { at: 'unreachable' }
  }
}

export function App() {
  const [page, setPage] = useState<Page>({ at: 'loading' })
  const { language, theme } = useDesk((desk) => desk.settings)
  const t = words(language)
  const load = useCallback(() => {
    void start(new URLSearchParams(location.search)).then((found) => {
      if (found) setPage(found)
      // Nobody stands beside a screen to press a button when the server is back.
      if (found?.at === 'unreachable') setTimeout(load, AGAIN_MS)
    })
  }, [])
  useEffect(load, [load])
  useEffect(() => {
    document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN'
    document.title = `${page.at === 'room' ? `${page.room.name} · ` : ''}${t.prompter} · Cuedesk`
  }, [page, t, language])
  const refused = useCallback(() => setPage({ at: 'missing' }), [])

  if (page.at === 'room') return <Display room={page.room} refused={refused} />
  return (
    <main className="door" data-theme={theme}>
      <h1>{page.at === 'pick' ? t.pickRoom : t.prompter}</h1>
      {page.at === 'loading' && <p className="late">{t.loading}</p>}
      {page.at === 'pick' && page.rooms.length === 0 && <p>{t.noRooms}</p>}
      {page.at === 'pick' && (
        <ul>
          {page.rooms.map((room) => (
            <li key={room.id}>
              <a href={`/prompter.html?room=${room.id}`}>{room.name}</a>
            </li>
          ))}
        </ul>
      )}
      {page.at === 'missing' && (
        <>
          <p role="alert">{t.missing}</p>
          <p>
            <a href="/prompter.html">{t.otherRoom}</a>
          </p>
        </>
      )}
      {page.at === 'unreachable' && <p role="alert">{t.unreachable}</p>}
    </main>
  )
}
