import type { PrompterState, Transport } from '../generated/protocol'
import { uuid7 } from '../wire/ids'
import type { Outgoing } from '../wire/socket'
import type { Player } from './player'
import { positionAt } from './player'
import { rateOf } from './script'
import { RAMP_MS } from './scroller'
import { paceWithin } from './settings'
import { isEmpty, isOlder, onStage } from './stage'
import { ALONE, goalOf, type Step, type StepEvent, step } from './step'
import { isBound, useDesk } from './store'

type Control = Extract<Outgoing, { type: 'prompter_control' }>
export type Order = Omit<Control, 'type' | 'id' | 'room_id' | 'version'>

/** The way to the room: its clock, and whether an order went out. */
export interface Wire {
  now(): number
  post(id: string, version: number, order: Order): boolean
}

/** What a display does with its text, as its page keeps it for one that is opened anew. */
export interface Doing {
  /** When (this device's clock, ms). */
  readonly at: number
  readonly step: Step
  readonly goal: Transport
}

/** Who left a running text longer ago stands before it when they come back: nobody reads it any more. */
const STALE_MS = 120_000
const COUNTDOWN_MS = 3000
/** Orders that follow each other (a key held down, a finger that drags) go out no faster. */
const PAUSE_MS = 150
const UNSENT = 'unsent'
/** Who gets no answer for so long will get none: the room's word counts again. */
const ANSWER_MS = 5000

/** Whether a reader did something that the room may not know. */
const isTouched = ({ touched, asked, apart }: Step): boolean => touched || apart || asked !== undefined

/**
 * What the reader of this display does, done at once and told to the room, and what the room does, done here: the display's
 * hand on the player.
 */
export class Lead {
  readonly #player: Player
  readonly #wire: Wire
  #step: Step = ALONE
  #latest: PrompterState | undefined
  #driven: Transport | undefined
  #cutting: ReturnType<typeof setTimeout> | undefined
  #sending: ReturnType<typeof setTimeout> | undefined
  #sentAt = 0
  #waiting: [version: number, order: Order][] = []
  /** What the page before this one did, until the room is heard or cannot be. */
  #before: Doing | undefined
  /** The text was set going again without a line, and its reader has done nothing since. */
  #alone = false
  #unanswered: ReturnType<typeof setTimeout> | undefined
  /** The pace given here that the room did not hear of: the next text keeps it. */
  #chosen: number | undefined

  constructor(player: Player, wire: Wire) {
    this.#player = player
    this.#wire = wire
  }

  // The room ----------------------------------------------------------------------------------------------------------

  heard(state: PrompterState): void {
    const desk = useDesk.getState()
    // Two processes tell of the room, and what one of them says late must not take back what the other has said.
    if (this.#latest && isOlder(state, this.#latest)) return
    if (this.#before && isTouched(this.#before.step)) this.#resume()
    this.#before = undefined
    const first = this.#latest === undefined && !this.#step.own
    this.#latest = state
    const note = state.note?.id === desk.live.note?.id ? desk.live.note : (state.note ?? undefined)
    const room = state.transport
    const since = room?.live_since_ms
    const upcoming = state.next_title ?? undefined
    desk.setLive({ blank: state.blank ?? false, note, upcoming, since, moved: room?.at_ms })
    if (!room || !desk.settings.follow) {
      if (room) this.#step = { ...this.#step, room, away: false }
      desk.dispatch({ type: 'received', state })
      return
    }
    this.#chosen = undefined
    const { shown, motion } = desk.stage
    const here = shown?.version === room.version ? this.#player.isFar(this.#placeIn(room)) : !isEmpty(shown)
    // Set going again by itself and no line from the room: it gets in step unseen, and the room is told nothing.
    if (this.#alone && !here) this.#step = { ...this.#step, own: undefined, touched: false }
    this.#alone = false
    this.#take({ type: 'heard', transport: room, reading: motion === 'running', far: here })
    this.#show(state, room, first)
    if (this.#step.tell) this.tell()
  }

  answered(id: string, revision: number | undefined): void {
    this.#take({ type: 'answered', id, revision })
    if (this.#latest) this.#show(this.#latest, this.#latest.transport ?? undefined)
  }

  lost(): void {
    this.#take({ type: 'lost' })
    this.#resume()
  }

  /** What the room says from now on counts from another beginning. */
  renumbered(): void {
    this.#latest = undefined
    this.#before = undefined
    this.#take({ type: 'renumbered' })
  }

  /** The text is there again that a page before this one had: without a line to the room it goes on as it did there. */
  restored(doing: Doing | undefined): void {
    const { stage, setPace } = useDesk.getState()
    if (!doing || doing.goal.version !== stage.shown?.version) return
    this.#before = doing
    setPace(doing.goal.pace)
  }

  get doing(): Doing {
    return this.#before ?? { at: Date.now(), step: this.#step, goal: this.#present }
  }

  /** Go on where the page before stood: what was read there is where the reader is, whatever the clock says. */
  #resume(): void {
    const before = this.#before
    if (!before) return
    this.#before = undefined
    const desk = useDesk.getState()
    const touched = isTouched(before.step)
    const playing = before.goal.playing && Date.now() - before.at < STALE_MS
    const at_ms = this.#wire.now() + RAMP_MS / 2
    const own = { ...before.goal, playing, position: this.#player.at, at_ms }
    this.#step = { ...before.step, own: undefined, asked: undefined, away: true, touched, tell: false }
    if (isBound(desk)) this.#player.follow({ ...own, shared: false })
    else if (playing || touched || !desk.settings.follow) {
      this.#alone = !touched
      this.#step = { ...this.#step, own, touched: true }
      this.drive()
    }
  }

  /** Do as the room does, wherever it is. */
  rejoin(): void {
    this.#take({ type: 'rejoined' })
    if (this.#latest) this.#show(this.#latest, this.#latest.transport ?? undefined)
  }

  /** Follow the room from now on, or no more. */
  setFollowing(follow: boolean): void {
    const { stage, change } = useDesk.getState()
    if (!follow && stage.shown)
      this.#step = { ...this.#step, own: { ...this.#present, position: this.#player.at } }
    change({ follow })
    if (follow) this.rejoin()
    else this.drive()
  }

  /** Have the room do what is done here. */
  tell(): void {
    const goal = this.#present
    if (goal.pace !== this.#step.room?.pace) this.#post({ action: 'speed', value: goal.pace })
    const playing = goal.playing && useDesk.getState().stage.motion === 'running'
    const position = this.#player.at
    const { room } = this.#step
    // Both run the same way: only the place is to be told. `play` would set going again whom somebody stops meanwhile. A
    // room that has run to its end stands, whatever it says.
    const along = playing && room?.playing && goal.rate * room.rate > 0 && this.#runs(room)
    const order: Order = along
      ? { action: 'seek', value: position }
      : playing
        ? { action: 'play', value: position, after_ms: 0, reverse: goal.rate < 0 }
        : { action: 'pause', value: position }
    this.#step = { ...this.#step, apart: false, tell: false }
    this.#act({ playing, position, at_ms: this.#wire.now() }, order)
  }

  /** Bring on the room's text, at once or when its moment comes. */
  #show(state: PrompterState, room: Transport | undefined, first = false): void {
    const { dispatch, setLive, stage } = useDesk.getState()
    clearTimeout(this.#cutting)
    const text = onStage(state)
    const wait = room ? room.at_ms - this.#wire.now() : 0
    if (!room || this.#step.apart) {
      dispatch({ type: 'received', state })
    } else if (this.#step.own) {
      // The room has not heard yet what is done here.
    } else if (!first && wait > PAUSE_MS && text.version !== stage.shown?.version && !isEmpty(stage.shown)) {
      setLive({ cut: text })
      // Somebody stopped what is about to come: whoever still reads the text before it stops, too.
      if (!room.playing && stage.motion === 'running') this.#halt()
      this.#cutting = setTimeout(() => this.#show(state, room), wait)
      return
    } else {
      dispatch({ type: 'received', state, led: true, position: this.#placeIn(room) })
    }
    setLive({ cut: undefined })
    // What has just arrived is driven when it is laid out: its places mean nothing in the text before.
    if (useDesk.getState().stage.arrival === stage.arrival) this.drive(!first)
  }

  /** Stand where the text is. */
  #halt(): void {
    this.#player.follow({ playing: false, position: this.#player.rest, rate: 0, at_ms: 0, shared: false })
  }

  /** Have the player do what is to be done, once its text is there. `eased`: places far away are glided to. */
  drive(eased = true): void {
    const { stage, settings, setPace, setLive } = useDesk.getState()
    const goal = goalOf(this.#step)
    setLive({ apart: this.#step.apart && settings.follow })
    if (!goal || goal.version !== stage.shown?.version || (eased && goal === this.#driven)) return
    this.#driven = goal
    setPace(goal.pace)
    setLive({ startAt: goal.playing ? goal.at_ms : 0, target: goal.target_at_ms ?? undefined })
    this.#player.follow(
      { ...goal, shared: goal === this.#step.room || this.#step.asked !== undefined },
      eased,
    )
  }

  /** Another text, or a correction, has been laid out. */
  laid(corrected: boolean): void {
    const { shown } = useDesk.getState().stage
    const goal = goalOf(this.#step)
    this.#driven = undefined
    if (corrected && shown && goal && goal === this.#step.own && goal.version !== shown.version) {
      // What is done here alone goes on in the corrected text.
      const rate = rateOf(shown.content, goal.pace) * Math.sign(goal.rate || 1)
      const position = this.#player.at
      const moved = { version: shown.version, position, rate, at_ms: Math.max(goal.at_ms, this.#wire.now()) }
      this.#step = { ...this.#step, own: { ...goal, ...moved } }
    } else if (!corrected && goal?.version !== shown?.version) {
      this.#step = step(this.#step, { type: 'fresh' })
    }
    this.drive(corrected)
  }

  // The reader --------------------------------------------------------------------------------------------------------

  toggle(): void {
    const { stage } = useDesk.getState()
    if (stage.motion === 'finished' && stage.next) this.takeNext()
    else if (isEmpty(stage.shown)) return
    else if (this.#present.playing && stage.motion !== 'finished') this.pause()
    else this.play(useDesk.getState().settings.countdown ? COUNTDOWN_MS : undefined)
  }

  play(after_ms = RAMP_MS / 2, reverse = false): void {
    const { at, length } = this.#player
    const position = !reverse && at >= length - 0.05 ? 0 : at
    const rate = Math.abs(this.#present.rate) * (reverse ? -1 : 1)
    this.#act(
      { playing: true, position, rate, at_ms: this.#wire.now() + after_ms },
      { action: 'play', value: position, after_ms, reverse },
    )
  }

  pause(): void {
    const position = this.#player.rest
    this.#act({ playing: false, position, at_ms: this.#wire.now() }, { action: 'pause', value: position })
  }

  reverse(): void {
    if (!isEmpty(useDesk.getState().stage.shown)) this.play(undefined, this.#present.rate > 0)
  }

  pace(by: number): void {
    const goal = this.#present
    const pace = paceWithin(goal.pace + by)
    this.#chosen = pace
    const { shown } = useDesk.getState().stage
    const rate = rateOf(shown?.content ?? '', pace) * Math.sign(goal.rate || 1)
    const now = this.#wire.now()
    const moved = { position: this.#placeIn(goal), at_ms: Math.max(goal.at_ms, now), pace, rate }
    this.#act(moved, { action: 'speed', value: pace })
  }

  seek(position: number | undefined): void {
    if (position === undefined) return
    const playing = this.#present.playing && useDesk.getState().stage.motion !== 'finished'
    const change = { playing, position, at_ms: this.#wire.now() }
    this.#act(change, { action: playing ? 'seek' : 'pause', value: position })
  }

  /** Read to the end in so many seconds. */
  target(seconds: number | undefined): void {
    const desk = useDesk.getState()
    if (!isBound(desk) && (seconds !== undefined || desk.live.target !== undefined))
      this.#post({ action: 'target', value: seconds ?? null })
  }

  drag(pixels: number): void {
    if (isBound(useDesk.getState())) return
    this.#player.drag(pixels)
    const position = this.#player.at
    const change = { playing: false, position, at_ms: this.#wire.now() }
    this.#act(change, { action: 'pause', value: position }, false)
  }

  takeNext(): void {
    const { stage, dispatch } = useDesk.getState()
    const { next } = stage
    if (!next || isBound(useDesk.getState())) return
    // What came last says at which pace the room goes on.
    const pace = this.#chosen ?? this.#latest?.pace ?? next.pace
    const fresh = { version: next.version, playing: false, position: 0, pace, target_at_ms: null }
    const rate = rateOf(next.content, pace)
    this.#act({ ...fresh, rate, at_ms: this.#wire.now() }, { action: 'take' })
    dispatch({ type: 'taken' })
  }

  dismiss(note_id: string): void {
    useDesk.getState().setLive({ note: undefined })
    this.#post({ action: 'dismiss', note_id })
  }

  dispose(): void {
    clearTimeout(this.#unanswered)
    clearTimeout(this.#cutting)
    clearTimeout(this.#sending)
  }

  /** What is done now with the text on the screen, also before anybody did anything with it. */
  get #present(): Transport {
    const { stage, pace } = useDesk.getState()
    const goal = goalOf(this.#step)
    const version = stage.shown?.version ?? 0
    if (goal?.version === version) return goal
    const content = stage.shown?.content ?? ''
    return {
      revision: 0,
      version,
      // Also while the text before a cut-in still runs.
      playing: stage.motion === 'running',
      position: this.#player.at,
      rate: rateOf(content, pace),
      pace,
      length: this.#player.length,
      at_ms: this.#wire.now(),
      target_at_ms: null,
    }
  }

  #placeIn(goal: Transport): number {
    return positionAt(goal, this.#wire.now(), goal.length)
  }

  /** Whether a text that plays is still on its way, and not at its end by now. */
  #runs(goal: Transport): boolean {
    const here = this.#placeIn(goal)
    return goal.rate > 0 ? here < goal.length - 1 : here > 1
  }

  #take(event: StepEvent): void {
    this.#step = step(this.#step, event)
  }

  /** Do it here; tell the room, at the latest in a moment. */
  #act(change: Partial<Transport>, order: Order, drive = true): void {
    if (isBound(useDesk.getState())) return
    this.#resume()
    this.#alone = false
    const transport = { ...this.#present, ...change }
    const asked = this.#leads ? UNSENT : undefined
    this.#take({ type: 'done', transport, asked })
    if (drive) this.drive()
    clearTimeout(this.#sending)
    if (!asked) return
    // A later order takes the place of one like it. A pace says nothing of moving or standing: both go out.
    this.#waiting = this.#waiting.filter(
      ([, other]) => (other.action === 'speed') !== (order.action === 'speed'),
    )
    this.#waiting.push([transport.version, order])
    const wait = this.#sentAt + PAUSE_MS - Date.now()
    if (wait > 0) this.#sending = setTimeout(() => this.#send(), wait)
    else this.#send()
  }

  #send(): void {
    this.#sentAt = Date.now()
    const waiting = this.#waiting.splice(0)
    if (this.#step.asked !== UNSENT) return
    let id = ''
    for (const [version, order] of waiting) {
      id = uuid7()
      this.#step = { ...this.#step, asked: this.#wire.post(id, version, order) ? id : undefined }
    }
    clearTimeout(this.#unanswered)
    this.#unanswered = setTimeout(() => this.answered(id, undefined), ANSWER_MS)
  }

  /** Whether what is done here is for the room. */
  get #leads(): boolean {
    const { room, apart, away } = this.#step
    return useDesk.getState().settings.follow && room !== undefined && !apart && !away
  }

  #post(order: Order): void {
    if (this.#step.room) this.#wire.post(uuid7(), this.#step.room.version, order)
  }
}
