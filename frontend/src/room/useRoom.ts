import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import type { DisplayView, Problem, PrompterState } from '../generated/protocol'
import { isOlder } from '../prompter/stage'
import type { DeskSocket, Outgoing, SocketStatus } from '../wire/socket'
import { Ahead } from './ahead'

export interface RoomNow {
  /** What the server says of the room; `undefined` until it did. */
  readonly state: PrompterState | undefined
  readonly displays: readonly DisplayView[]
  /** The server refuses the room. */
  readonly problem: Problem | undefined
}

const NOTHING: RoomNow = { state: undefined, displays: [], problem: undefined }

/** A room as the server tells it, live: what is on stage, and every display. Nothing is taken for done before. */
export function useRoom(socket: DeskSocket, roomId: string): RoomNow {
  const [room, setRoom] = useState<{ id: string } & RoomNow>({ id: roomId, ...NOTHING })
  useEffect(() => {
    setRoom({ id: roomId, ...NOTHING })
    // What was said before a restored database counts from another beginning.
    let epoch: string | undefined
    let anew = false
    const offs = [
      socket.onFrame((frame) => {
        if (frame.type !== 'welcome') return
        anew = epoch !== undefined && epoch !== frame.epoch
        epoch = frame.epoch
      }),
      socket.subscribe(
        `room:${roomId}`,
        () => 0,
        (frame) => {
          if (frame.type === 'prompter_state') {
            const fresh = anew
            anew = false
            setRoom((old) =>
              !fresh && old.state && isOlder(frame, old.state)
                ? old
                : { ...old, state: frame, problem: undefined },
            )
          } else if (frame.type === 'prompter_displays') {
            setRoom((old) => ({ ...old, displays: frame.displays }))
          }
        },
        (problem) => setRoom((old) => ({ ...old, problem })),
      ),
    ]
    return () => {
      for (const off of offs) off()
    }
  }, [socket, roomId])
  return room.id === roomId ? room : NOTHING
}

type Control = Extract<Outgoing, { type: 'prompter_control' }>
export type Order = Omit<Control, 'type' | 'room_id' | 'id'>

/** What the server answered to an order. */
export interface Carried {
  readonly revision?: number
  readonly version?: number
}

/** Orders to a room. `busy` names the actions that the server has not answered yet. */
export function useOrders(
  socket: DeskSocket,
  roomId: string,
  refused: (problem: unknown) => void,
): {
  /** Resolves with whether it was carried out; a refusal goes to `refused`. */
  give: (order: Order) => Promise<boolean>
  /** Resolves with the answer, rejects with the refusal. */
  ask: (order: Order) => Promise<Carried>
  busy: ReadonlySet<string>
  /** What was asked for and is not seen yet. */
  ahead: Ahead
} {
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set())
  const [ahead] = useState(() => new Ahead())
  const ask = useCallback(
    async (order: Order): Promise<Carried> => {
      setBusy((before) => new Set(before).add(order.action))
      const answered = ahead.asked(order.action, order.value ?? undefined)
      let carried: Carried | undefined
      try {
        const ack = await socket.send({ type: 'prompter_control', room_id: roomId, ...order }, { once: true })
        carried = (ack.result ?? {}) as Carried
        return carried
      } finally {
        answered(carried?.revision)
        setBusy((before) => new Set([...before].filter((action) => action !== order.action)))
      }
    },
    [socket, roomId, ahead],
  )
  const give = useCallback(
    (order: Order) =>
      ask(order).then(
        () => true,
        (problem: unknown) => {
          refused(problem)
          return false
        },
      ),
    [ask, refused],
  )
  return { give, ask, busy, ahead }
}

export function useLine(socket: DeskSocket): SocketStatus {
  return useSyncExternalStore(
    useCallback((changed: () => void) => socket.onStatus(changed), [socket]),
    () => socket.status,
  )
}

const CALM = '(prefers-reduced-motion: reduce)'

/** Whether whoever looks wants no motion. */
export function useCalm(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const query = matchMedia(CALM)
      query.addEventListener('change', changed)
      return () => query.removeEventListener('change', changed)
    },
    () => matchMedia(CALM).matches,
  )
}

/** The server's time, drawn again `every` milliseconds. */
export function useServerTime(socket: DeskSocket, every = 500): number {
  const [now, setNow] = useState(() => socket.clock.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(socket.clock.now()), every)
    return () => clearInterval(timer)
  }, [socket, every])
  return now
}
