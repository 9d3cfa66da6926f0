import { useQueryClient } from '@tanstack/react-query'
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react'
import type { PrompterState } from '../generated/protocol'
import { DeskSocket, type SocketStatus } from '../wire/socket'
import type { Shapes } from './rest'
import { draftsOf } from './storage'

type Me = Shapes['Me']

export type Action =
  | 'thread.read'
  | 'thread.write'
  | 'interrupt.decide'
  | 'interrupt.override'
  | 'catalogue.write'
  | 'prompter.ack'
  | 'prompter.control'
  | 'device.pair'
  | 'policies.write'
  | 'experiment.read'
  | 'model.read'
  | 'model.texts'
  | 'model.write'
  | 'experiment.write'
  | 'rules.read'
  | 'rules.write'
  | 'audit.read'
  | 'keys.write'

interface Desk {
  readonly me: Me
  readonly socket: DeskSocket
  may(action: Action): boolean
}

const DeskContext = createContext<Desk | null>(null)

/** Who is signed in, what they may do, and the tab's socket. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext)
  if (!desk) throw new Error('only inside DeskProvider')
  return desk
}

/** Opens the tab's one socket for the person who signed in. `onRefused`: the server no longer knows them. */
export function DeskProvider({
  me,
  onRefused,
  children,
}: {
  me: Me
  onRefused: () => void
  children: ReactNode
}) {
  const [socket] = useState(() => {
    // Before anything below looks for what was typed.
    draftsOf(me.tenant.id, me.user.id)
    return new DeskSocket()
  })
  const cache = useQueryClient()
  useEffect(() => {
    socket.connect()
    let lost = false
    const stop = socket.onStatus((status) => {
      if (status.state === 'closed' && status.code !== 1000) onRefused()
      if (status.state === 'reconnecting') lost = true
      // What could not be read while the server was away is read now.
      if (status.state === 'open' && lost)
        void cache.refetchQueries({
          type: 'active',
          predicate: ({ state }) => state.status === 'error',
        })
    })
    return () => {
      stop()
      socket.close()
    }
  }, [socket, cache, onRefused])
  const desk = useMemo<Desk>(
    () => ({ me, socket, may: (action) => me.permissions.includes(action) }),
    [me, socket],
  )
  return <DeskContext.Provider value={desk}>{children}</DeskContext.Provider>
}

export function useSocketStatus(): SocketStatus {
  const { socket } = useDesk()
  return useSyncExternalStore(
    (changed) => socket.onStatus(changed),
    () => socket.status,
  )
}

const tickers = new Set<() => void>()
let ticking: ReturnType<typeof setInterval> | undefined

function onTick(listener: () => void): () => void {
  tickers.add(listener)
  ticking ??= setInterval(() => {
    for (const tick of tickers) tick()
  }, 1000)
  return () => {
    tickers.delete(listener)
    if (tickers.size > 0) return
    clearInterval(ticking)
    ticking = undefined
  }
}

/** Whole seconds until a moment by the server's clock; below zero when it is over. Draws again once a second. */
export function useSecondsUntil(iso: string): number {
  const { socket } = useDesk()
  return useSyncExternalStore(onTick, () => Math.ceil((Date.parse(iso) - socket.clock.now()) / 1000))
}

/** How long the line has been down, in seconds; 0 while it is up. */
export function useSecondsDown(): number {
  const status = useSocketStatus()
  const since = status.state === 'reconnecting' ? status.since : undefined
  return useSyncExternalStore(onTick, () =>
    since === undefined ? 0 : Math.floor((Date.now() - since) / 1000),
  )
}

/** From here on the line counts as lost: what is shown may be old, and nothing may be decided. */
export const LOST_AFTER_SECONDS = 10

/** What a room's teleprompter is to show and has confirmed, live; `undefined` until the server told. */
export function useRoomState(roomId: string | null | undefined): PrompterState | undefined {
  const { socket } = useDesk()
  const [state, setState] = useState<PrompterState>()
  useEffect(() => {
    if (!roomId) return
    return socket.subscribe(
      `room:${roomId}`,
      () => 0,
      (frame) => {
        if (frame.type === 'prompter_state') setState(frame)
      },
    )
  }, [socket, roomId])
  return state?.room_id === roomId ? state : undefined
}
