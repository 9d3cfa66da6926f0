import type { AnyFrame, DisplayReport, PrompterState } from '../generated/protocol'
import { DeskSocket } from '../wire/socket'
import { isPaired, signIn } from './api'
import { battery, deviceId } from './device'
import { forget, keep, kept, leave } from './keep'
import type { Doing, Wire } from './lead'
import { useDesk } from './store'

const REPORT_MS = 2000
/** The session ended, or the account lost its place: what came over the line is for this person no more. */
const ENDED = [4502, 4505]
/** How the console tells that somebody signed out in this browser. */
const LEFT = 'cuedesk:left'

export interface Link extends Wire {
  /** Called after a version was really painted. */
  painted(version: number): void
  /** Milliseconds to the server and back, when they were measured. */
  readonly roundTrip: number | undefined
  stop(): void
}

/** Who is told what comes over the line, and asked where the reader is. */
export interface Follower {
  heard(state: PrompterState): void
  answered(id: string, revision: number | undefined): void
  lost(): void
  renumbered(): void
  setFollowing(follow: boolean): void
  /** What a page before this one did with the text that is there again. */
  restored(doing: Doing | undefined): void
  readonly doing: Doing
  readonly position: number
  readonly size: number
}

/**
 * Follow a room: take what this device kept, then the server's state and every change, and tell the server what is on
 * screen and how far it has been read. `refused` is called when the room is not (any more) ours to see.
 */
export function follow(
  room: { id: string; name: string },
  follower: () => Follower,
  refused: () => void,
): Link {
  const socket = new DeskSocket(isPaired ? { url: '/ws?paired' } : {})
  const { dispatch, setStatus } = useDesk.getState()
  const mine = deviceId()
  let epoch: string | undefined
  let onScreen = -1
  let reported = ''
  let remembered = ''
  let reportedAt = 0
  let stopped = false
  const asked = new Set<string>()

  const tellOfItself = (): DisplayReport => {
    const { settings, stage, pace } = useDesk.getState()
    const { name, mirrorH, mirrorV } = settings
    return {
      id: mine,
      name,
      playing: stage.motion === 'running',
      pace,
      size: follower().size,
      mirror_h: mirrorH,
      mirror_v: mirrorV,
      hidden: document.visibilityState === 'hidden',
      following: settings.follow,
      ...battery(),
    }
  }
  /** Every two seconds, so that nobody takes this display for gone; at once when something is another. */
  const report = () => {
    if (onScreen < 0) return
    const version = onScreen
    const display = tellOfItself()
    const position = Math.round(follower().position * 10) / 10
    const said = JSON.stringify([version, display, display.playing ? 0 : position])
    if (said === reported && Date.now() - reportedAt < REPORT_MS - 100) return
    const round_trip_ms = socket.clock.roundTrip ?? null
    const done = socket.post({
      type: 'prompter_ack',
      room_id: room.id,
      version,
      position,
      display: { ...display, round_trip_ms },
    })
    if (done) [reported, reportedAt] = [said, Date.now()]
  }
  const remember = () => {
    const { shown } = useDesk.getState().stage
    if (!shown) return
    const { doing, position } = follower()
    const now = JSON.stringify([shown.version, position, epoch, { ...doing, at: 0 }])
    if (now === remembered && !doing.goal.playing) return
    remembered = now
    void keep({ room: room.id, name: room.name, state: shown, position, epoch, doing })
  }
  const receive = (frame: AnyFrame) => {
    if (frame.type === 'prompter_state') follower().heard(frame)
    if (frame.type !== 'prompter_display' || frame.display_id !== mine) return
    const { name, size, mirror_h, mirror_v, following } = frame.settings
    const { settings, change } = useDesk.getState()
    change({
      name: name ?? settings.name,
      size: size === 0 ? undefined : (size ?? settings.size),
      mirrorH: mirror_h ?? settings.mirrorH,
      mirrorV: mirror_v ?? settings.mirrorV,
    })
    if (typeof following === 'boolean') follower().setFollowing(following)
    report()
  }

  void kept(room.id).then((last) => {
    if (stopped) return
    if (last && last.state.room_id === room.id) {
      epoch = last.epoch
      dispatch({ type: 'restored', state: last.state, position: last.position })
      follower().restored(last.doing)
    }
    socket.connect()
  })
  const offs = [
    socket.onFrame((frame) => {
      if (frame.type === 'ack' && asked.delete(frame.re)) {
        const { revision } = frame.result
        follower().answered(frame.re, typeof revision === 'number' ? revision : undefined)
      }
      if (frame.type !== 'welcome') return
      if (epoch !== undefined && epoch !== frame.epoch) {
        dispatch({ type: 'renumbered' })
        follower().renumbered()
      }
      epoch = frame.epoch
      // The server may have restarted since: say again what is on screen.
      reported = ''
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
      if (status.state === 'reconnecting' || status.state === 'closed') {
        asked.clear()
        follower().lost()
        if (status.state === 'closed' && ENDED.includes(status.code)) leave()
      }
    }),
    useDesk.subscribe((now, before) => {
      if (now.pace !== before.pace || now.stage.motion !== before.stage.motion) remember()
    }),
  ]
  let beat = 0
  const timer = setInterval(() => {
    beat += 1
    report()
    if (beat % 2 === 0) remember()
  }, REPORT_MS / 4)
  const leaving = () => remember()
  const signedOut = ({ key }: StorageEvent) => {
    if (isPaired || key !== LEFT) return
    leave()
    // What is being read is not taken away; it goes with this page.
    if (useDesk.getState().stage.motion !== 'running') signIn()
  }
  window.addEventListener('pagehide', leaving)
  window.addEventListener('storage', signedOut)
  document.addEventListener('visibilitychange', report)

  return {
    now: () => socket.clock.now(),
    post(id, version, order) {
      const said = socket.post({ type: 'prompter_control', id, room_id: room.id, version, ...order })
      if (said) asked.add(id)
      return said
    },
    painted(version) {
      onScreen = version
      report()
      remember()
    },
    get roundTrip() {
      return socket.clock.roundTrip
    },
    stop() {
      stopped = true
      clearInterval(timer)
      window.removeEventListener('pagehide', leaving)
      window.removeEventListener('storage', signedOut)
      document.removeEventListener('visibilitychange', report)
      for (const off of offs) off()
      socket.close()
    },
  }
}
