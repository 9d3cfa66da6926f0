import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import type { RoomEntry } from './api'
import { Bar, type BarActions, Connection, Next, Progress } from './Bar'
import type { Hands } from './hands'
import { Icon } from './Icon'
import { words } from './i18n'
import { Lead } from './lead'
import { type Follower, follow, type Link } from './link'
import { Over } from './Over'
import { Player, type Room } from './player'
import { parse, rateOf, type Script } from './script'
import { sizeFor, sizeWithin } from './settings'
import { type Arrival, isEmpty } from './stage'
import { useDesk } from './store'
import { Text } from './Text'

/** The reading line's height on the stage; the same number is in prompter.css. */
const READING_LINE = 0.36
const CALM = '(prefers-reduced-motion: reduce)'

function useCalm(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const query = matchMedia(CALM)
      query.addEventListener('change', changed)
      return () => query.removeEventListener('change', changed)
    },
    () => matchMedia(CALM).matches,
  )
}

/** Width and height of an element, measured before paint and at every change. */
function useSize(element: React.RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const target = element.current
    if (!target) return
    const read = () =>
      setSize((old) => {
        const { clientWidth: width, clientHeight: height } = target
        return old.width === width && old.height === height ? old : { width, height }
      })
    read()
    const observer = new ResizeObserver(read)
    observer.observe(target)
    return () => observer.disconnect()
  }, [element])
  return size
}

/** Not needed for the first paint; fetched right after it, for later there may be no network. */
const fetchLater = () => import('./later')

/** What lies over the text and takes the keys. */
export type Panel = 'menu' | 'pattern' | undefined

/** A room's teleprompter. */
export function Display({ room, refused }: { room: RoomEntry; refused: () => void }) {
  const surface = useRef<HTMLElement>(null)
  const track = useRef<HTMLDivElement>(null)
  const player = useRef<Player>(undefined)
  const lead = useRef<Lead | null>(null)
  const link = useRef<Link>(undefined)
  const held = useRef(false)
  const [panel, open] = useState<Panel>()
  const [later, setLater] = useState<typeof import('./later')>()
  const { shown, arrival, motion } = useDesk((desk) => desk.stage)
  const settings = useDesk((desk) => desk.settings)
  const t = words(settings.language)
  const calm = useCalm()
  const { width, height } = useSize(surface)

  const script = useMemo(() => parse(shown?.content ?? '', shown?.pieces), [shown?.content, shown?.pieces])
  const empty = isEmpty(shown)
  const size = settings.size ?? sizeFor(width, height)
  const paged = settings.pages ?? calm
  const flipped = settings.mirrorV
  const layout = useMemo<Room>(
    () => ({ pageHeight: height * (1 - READING_LINE) - size, paged, flipped }),
    [height, size, paged, flipped],
  )
  const perPace = useMemo(() => rateOf(script.content, 1), [script])
  const clock = useCallback(() => link.current?.now() ?? Date.now(), [])
  const place = useCallback(() => {
    const rate = perPace * useDesk.getState().pace
    return player.current?.place(rate) ?? { position: 0, share: 0, secondsLeft: 0 }
  }, [perPace])

  // The text is measured and placed before the browser paints it, so it never shows in a wrong place.
  useLayoutEffect(() => {
    if (!track.current) return
    const made = new Player(track.current, clock)
    made.onMotion = (moved) => useDesk.getState().dispatch({ type: 'moved', motion: moved })
    player.current = made
    lead.current = new Lead(made, { now: clock, post: (...order) => link.current?.post(...order) ?? false })
    return () => {
      made.dispose()
      lead.current?.dispose()
    }
  }, [clock])
  const typeSize = useRef(size)
  typeSize.current = size
  useEffect(() => {
    const hand = lead.current
    if (!hand) return
    const follower: Follower = {
      heard: (state) => hand.heard(state),
      answered: (id, revision) => hand.answered(id, revision),
      lost: () => hand.lost(),
      renumbered: () => hand.renumbered(),
      setFollowing: (on) => hand.setFollowing(on),
      restored: (doing) => hand.restored(doing),
      get doing() {
        return hand.doing
      },
      get position() {
        return player.current?.at ?? 0
      },
      get size() {
        return sizeWithin(typeSize.current)
      },
    }
    const current = follow(room, () => follower, refused)
    link.current = current
    return () => current.stop()
  }, [room, refused])

  const present = useRef(layout)
  const laidOut = useRef<{ script?: Script; arrival?: Arrival }>({})
  useLayoutEffect(() => {
    present.current = layout
    if (laidOut.current.script === script && laidOut.current.arrival === arrival) {
      if (width > 0) player.current?.relayout(layout)
      return
    }
    laidOut.current = { script, arrival }
    player.current?.show(script, arrival, layout)
    lead.current?.laid(arrival.kind === 'patch')
  }, [script, arrival, layout, width])
  useEffect(() => {
    // Web fonts that arrive late change every line.
    void document.fonts?.ready.then(() => player.current?.relayout(present.current))
  }, [])

  const version = shown?.version
  useEffect(() => {
    if (version === undefined) return
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => link.current?.painted(version))
    })
    return () => cancelAnimationFrame(frame)
  }, [version])

  useEffect(() => {
    fetchLater().then(setLater, () => undefined)
  }, [])

  const act = useCallback((what: (hand: Lead) => void) => {
    held.current = false
    if (lead.current) what(lead.current)
  }, [])
  const resize = useCallback(
    (by: number) => useDesk.getState().change({ size: sizeWithin(size + by) }),
    [size],
  )
  const actions = useMemo<BarActions>(
    () => ({
      toggle: () => act((hand) => hand.toggle()),
      pace: (by) => act((hand) => hand.pace(by)),
      menu: () => open('menu'),
      take: () => act((hand) => hand.takeNext()),
    }),
    [act],
  )

  const hands = useMemo<Hands>(() => ({ actions, act, resize, player, paged }), [actions, act, resize, paged])
  useEffect(() => (panel ? undefined : later?.watchPad(hands)), [panel, later, hands])

  // With the same frame in which a panel is gone: the browser's own meaning of F5 would throw the page away.
  useLayoutEffect(() => {
    if (panel) return
    const press = (event: KeyboardEvent) =>
      later ? later.press(event, hands) : void fetchLater().then((late) => late.press(event, hands))
    // What was clicked keeps no focus: Space is play again. Before the click acts, which may move the focus itself.
    const click = ({ detail }: MouseEvent) => detail && (document.activeElement as HTMLElement).blur()
    window.addEventListener('keydown', press)
    window.addEventListener('click', click, true)
    return () => {
      window.removeEventListener('keydown', press)
      window.removeEventListener('click', click, true)
    }
  }, [panel, later, hands])

  const began = useRef(size)
  useEffect(() => {
    const stage = surface.current
    if (!stage) return
    if (!later) {
      // A tap that comes before the chunk that knows of fingers is a tap all the same.
      const tap = ({ target }: MouseEvent) => {
        if (!useDesk.getState().settings.locked && !(target as Element).closest('button')) actions.toggle()
      }
      stage.addEventListener('click', tap)
      return () => stage.removeEventListener('click', tap)
    }
    // The size is read from its ref: were it another listener for each size, two fingers would lose hold at the first step.
    return later.listen(stage, {
      tap: actions.toggle,
      pace: actions.pace,
      drag: (pixels) => {
        held.current ||= useDesk.getState().stage.motion === 'running'
        lead.current?.drag(flipped ? -pixels : pixels)
      },
      pinch: (factor, begin) => {
        if (begin) began.current = typeSize.current
        else useDesk.getState().change({ size: sizeWithin(began.current * factor) })
      },
      isRunning: () => useDesk.getState().stage.motion === 'running',
      resume: () => {
        if (held.current) lead.current?.play()
        held.current = false
      },
    })
  }, [actions, flipped, later])

  const mirror = `scale(${settings.mirrorH ? -1 : 1}, ${flipped ? -1 : 1})`
  return (
    <div
      className="prompter"
      data-theme={settings.theme}
      data-motion={motion}
      lang={settings.language === 'en' ? 'en' : 'zh-CN'}
    >
      <main ref={surface} className="stage" data-empty={empty || undefined}>
        <h1 className="unseen">
          {t.prompter} · {room.name}
        </h1>
        <div className="mirror" style={{ transform: mirror }}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the moving text is reached and read by keyboard */}
          <section className="window" aria-label={t.script} tabIndex={0}>
            <div ref={track} className="track" style={{ fontSize: `${size}px` }} lang="zh-CN">
              <Text script={script} />
            </div>
          </section>
          {!empty && (
            <div className="reading" style={{ fontSize: `${size}px` }} aria-hidden="true">
              <div className="read" />
              {settings.band && <div className="band" />}
            </div>
          )}
          {empty && (
            <div className="empty">
              <p className="empty-room">{room.name}</p>
              <p>{t.waiting}</p>
              {later && <later.Waiting open={open} room={room.id} />}
            </div>
          )}
        </div>
      </main>
      <Over
        now={clock}
        dismiss={(id) => lead.current?.dismiss(id)}
        rejoin={() => lead.current?.rejoin()}
        tell={() => lead.current?.tell()}
        mirror={mirror}
      />
      <Connection />
      {!settings.hud && (
        <button type="button" className="corner" aria-label={t.menu} onClick={actions.menu}>
          <Icon name="menu" />
        </button>
      )}
      <footer>
        <Next take={actions.take} />
        {settings.hud && (
          <Bar actions={actions} room={room.name}>
            {later && <later.Times place={place} script={script} clock={clock} />}
          </Bar>
        )}
        {later && settings.locked && <later.Lock />}
        <Progress place={place} />
      </footer>
      {later && (
        <later.Extras
          panel={panel}
          open={open}
          resize={resize}
          size={size}
          mirror={mirror}
          paged={paged}
          follow={(on) => lead.current?.setFollowing(on)}
          roundTrip={() => link.current?.roundTrip}
          finishIn={(seconds) => lead.current?.target(seconds)}
        />
      )}
    </div>
  )
}
