import type { AnyFrame } from '../generated/protocol'
import { DeskSocket } from '../wire/socket'
import { forget, keep, kept } from './keep'
import { useDesk } from './store'

const REPORT_MS = 2000

export interface Link {
  /** Called after a version was really painted. */
  painted(version: number): void
  stop(): void
}

/**
 * Follow a room: take what this device kept, then the server's state and every change, and tell the server what is on
 * screen and how far it has been read. `refused` is called when the room is not (any more) ours to see.
 */
export function follow(room: { id: string; name: string }, place: () => number, refused: () => void): Link {
  const socket = new DeskSocket()
  const { dispatch, setStatus } = useDesk.getState()
  let epoch: string | undefined
  let onScreen = -1
  let reported = { version: -1, position: -1 }
  let stopped = false

  const report = () => {
    if (onScreen < 0) return
    const position = place()
    if (reported.version === onScreen && Math.abs(reported.position - position) < 0.5) return
    const said = socket.post({ type: 'prompter_ack', room_id: room.id, version: onScreen, position })
    if (said) reported = { version: onScreen, position }
  }
  const remember = () => {
    const { shown } = useDesk.getState().stage
    if (shown) void keep({ room: room.id, name: room.name, state: shown, position: place(), epoch })
  }
  const receive = (frame: AnyFrame) => {
    if (frame.type === 'prompter_state') dispatch({ type: 'received', state: frame })
  }

  void kept(room.id).then((last) => {
    if (stopped) return
    if (last && last.state.room_id === room.id) {
      epoch = last.epoch
      dispatch({ type: 'restored', state: last.state, position: last.position })
    }
    socket.connect()
  })
  const offs = [
    socket.onFrame((frame) => {
      if (frame.type !== 'welcome') return
      if (epoch !== undefined && epoch !== frame.epoch) dispatch({ type: 'renumbered' })
      epoch = frame.epoch
      // The server may have restarted since: say again what is on screen.
      reported = { version: -1, position: -1 }
      report()
    }),
    socket.subscribe(
      `room:${room.id}`,
      () => 0,
      receive,
      (problem) => {
        if (problem.retryable) return
        void forget(room.id)
        refused()
      },
    ),
    socket.onStatus((status) => {
      // Before `connect()` the socket says closed; that is not news.
      if (status.state !== 'closed' || status.code !== 1000) setStatus(status)
    }),
  ]
  const timer = setInterval(() => {
    report()
    remember()
  }, REPORT_MS)
  const leaving = () => remember()
  window.addEventListener('pagehide', leaving)

  return {
    painted(version) {
      onScreen = version
      report()
      remember()
    },
    stop() {
      stopped = true
      clearInterval(timer)
      window.removeEventListener('pagehide', leaving)
      for (const off of offs) off()
      socket.close()
    },
  }
}
