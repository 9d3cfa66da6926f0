import { carry } from './carry'
import { EMPTY, type Lines, lineAt, measure, pagesOf, passed, pixelOf, positionOf, travelled } from './lines'
import type { Script } from './script'
import { RAMP_MS, Scroller, SEEK_MS } from './scroller'
import type { Arrival, Motion } from './stage'

export interface Room {
  /** Pixels below the reading line that a page may fill. */
  readonly pageHeight: number
  readonly paged: boolean
  /** The text is mirrored top to bottom. */
  readonly flipped: boolean
}

/** Where the reader is, for the progress bar, the time left and the server. */
export interface Place {
  readonly position: number
  readonly share: number
  readonly secondsLeft: number
}

/** What the text is to do: the words of `prompter_state.transport`, of the room or of this display alone. */
export interface Goal {
  readonly playing: boolean
  readonly position: number
  readonly rate: number
  readonly at_ms: number
  /** Others do the same: keep in step with them. */
  readonly shared: boolean
}

const LOOK_MS = 200
/** How much faster or slower a text may run to catch up unnoticed, and in how many seconds it should. */
const TRIM = 0.1
const CATCH_UP = 1

/** Where a text is at a moment, by the words of the protocol. */
export function positionAt(goal: Omit<Goal, 'shared'>, now: number, length: number): number {
  const moved = goal.playing ? (goal.rate * Math.max(0, now - goal.at_ms)) / 1000 : 0
  return Math.min(length, Math.max(0, goal.position + moved))
}

/** The rate with which a text that is `behind` so many characters gets in step without anybody seeing it. */
export function catchUp(rate: number, behind: number): number {
  const by = behind / CATCH_UP / Math.abs(rate || 1)
  return rate + Math.abs(rate) * Math.min(TRIM, Math.max(-TRIM, by))
}

/** The text as laid out, and the motion over it. */
export class Player {
  onMotion: ((motion: Motion) => void) | undefined
  readonly #track: HTMLElement
  readonly #scroller: Scroller
  readonly #now: () => number
  #script: Script | undefined
  #lines: Lines = EMPTY
  #goal: Goal | undefined
  #motion: Motion = 'paused'
  #start: ReturnType<typeof setTimeout> | undefined
  /**
   * The place that was given to a standing text after a correction, undefined if it is still to come, -1 for none. Such a
   * text stays where the eye is, less than a line from its place by characters: how far down a character is hangs on
   * paragraphs around it that may be others now.
   */
  #kept: number | undefined = -1
  readonly #look: ReturnType<typeof setInterval>

  /** `now`: the clock of the goals. */
  constructor(track: HTMLElement, now: () => number) {
    this.#track = track
    this.#now = now
    this.#scroller = new Scroller(track)
    this.#scroller.onEnd = () => this.#move((this.#goal?.rate ?? 1) > 0 ? 'finished' : 'paused')
    this.#look = setInterval(() => this.#keepUp(), LOOK_MS)
  }

  /** Another text is in the track: stand where it says, or where the reader was in the former version. */
  show(script: Script, arrival: Arrival, room: Room): void {
    const before = this.#script
    const [y, old] = [this.#scroller.y, this.#lines]
    this.#script = script
    this.#lines = measure(this.#track, script, room.flipped)
    if (arrival.kind === 'start' || !before) {
      this.#goal = undefined
      this.#scroller.hold()
      // Before it is laid: what is laid while running runs on.
      this.#move('paused')
      this.#lay(arrival.kind === 'start' ? travelled(this.#lines, arrival.position) : 0, room)
      return
    }
    if (this.#goal) this.#kept = undefined
    // Anchor the words being read, not a percentage: wherever they are in the corrected text, on the screen they must not
    // move up or down by a pixel.
    const position = positionOf(old, y)
    const reading = lineAt(old, position)
    const line = lineAt(this.#lines, carry(before, script, position))
    this.#lay(y + (line?.middle ?? 0) - (reading?.middle ?? 0), room)
    if (this.#motion === 'finished' && this.#scroller.y < this.#lines.height - 1) this.#move('paused')
  }

  /** Size, rotation or font changed: keep the character under the reading line. */
  relayout(room: Room): void {
    if (!this.#script) return
    const position = positionOf(this.#lines, this.#scroller.y)
    const finished = this.#motion === 'finished'
    this.#lines = measure(this.#track, this.#script, room.flipped)
    this.#lay(finished ? this.#lines.height : pixelOf(this.#lines, position), room)
  }

  /** Do this from now on. `eased`: a place far away is glided to, else it is there at once. */
  follow(goal: Goal, eased = true): void {
    this.#goal = goal
    clearTimeout(this.#start)
    if (!this.#script || this.length === 0) return
    const stays =
      !goal.playing && (this.#kept ?? goal.position) === goal.position && !this.isFar(goal.position)
    this.#kept = stays ? goal.position : -1
    const scroller = this.#scroller
    const wait = goal.playing ? goal.at_ms - this.#now() : 0
    if (!goal.playing || wait > RAMP_MS / 2) {
      const to = Math.min(this.length, goal.position)
      if (!eased) {
        scroller.hold()
        scroller.seek(to, false)
      } else {
        scroller.stop()
        if (!stays && (this.#motion === 'running' || Math.abs(to - scroller.at) > 0.01)) scroller.seek(to)
      }
      this.#move(!goal.playing && to >= this.length ? 'finished' : 'paused')
      if (goal.playing) this.#start = setTimeout(() => this.follow(goal), wait - RAMP_MS / 2)
      return
    }
    const to = positionAt(goal, this.#now(), this.length)
    if (goal.rate > 0 ? to >= this.length : to <= 0 && goal.at_ms < this.#now() - RAMP_MS) {
      scroller.hold()
      scroller.seek(to, false)
      this.#move(goal.rate > 0 ? 'finished' : 'paused')
      return
    }
    scroller.run(goal.rate)
    this.#move('running')
    if (!eased) scroller.seek(to, false)
    else if (this.isFar(to)) scroller.seek(positionAt(goal, this.#now() + SEEK_MS, this.length))
  }

  /** Move by hand, by pixels; the text stands there until it is told something else. */
  drag(pixels: number): void {
    clearTimeout(this.#start)
    this.#goal = undefined
    this.#scroller.hold()
    this.#scroller.seek(passed(this.#lines, this.#scroller.y + pixels), false)
    this.#move('paused')
  }

  /** The place of the line in which a character of the text stands. */
  lineOf(position: number): number {
    return passed(this.#lines, lineAt(this.#lines, position)?.top ?? 0)
  }

  /** The place of the sentence or paragraph before (-1) or after (1) the one being read. */
  beside(unit: 'sentence' | 'paragraph', direction: 1 | -1): number | undefined {
    const here = this.#lines.lines.findLast((line) => line.top <= this.#scroller.y + 0.5)
    if (!this.#script || !here) return undefined
    const starts =
      unit === 'sentence' ? this.#script.sentences : this.#script.paragraphs.map(({ offset }) => offset)
    // While running, "back" soon after a beginning means the one before it: about a second of reading.
    const patience = this.#motion === 'running' ? Math.abs(Math.round(this.#goal?.rate ?? 0)) : 0
    const target =
      direction > 0
        ? starts.find((start) => start >= here.end)
        : starts.findLast((start) => start < here.start - patience)
    return this.lineOf(target ?? (direction > 0 ? this.#script.length : 0))
  }

  /** Where it comes to a stand if it is stopped now. */
  get rest(): number {
    const ahead = this.#motion === 'running' ? ((this.#goal?.rate ?? 0) * RAMP_MS) / 2000 : 0
    return Math.min(this.length, Math.max(0, this.#scroller.at + ahead))
  }

  /** Characters passed. */
  get at(): number {
    return this.#scroller.at
  }

  get length(): number {
    return this.#scroller.length
  }

  /** `rate`: characters a second with which what is left would be read. */
  place(rate: number): Place {
    const { at } = this.#scroller
    return {
      position: at,
      share: this.#lines.height > 0 ? this.#scroller.y / this.#lines.height : 0,
      secondsLeft: Math.max(0, this.length - at) / Math.max(0.1, Math.abs(rate)),
    }
  }

  dispose(): void {
    clearTimeout(this.#start)
    clearInterval(this.#look)
    this.#scroller.dispose()
  }

  #keepUp(): void {
    const [goal, scroller] = [this.#goal, this.#scroller]
    if (!goal?.shared || this.#motion !== 'running' || scroller.seeking) return
    const to = positionAt(goal, this.#now(), this.length)
    if (this.isFar(to)) scroller.seek(positionAt(goal, this.#now() + SEEK_MS, this.length))
    else scroller.trim(catchUp(goal.rate, to - scroller.at))
  }

  /** Whether a place is a line or more away. */
  isFar(to: number): boolean {
    const line = this.#lines.height / Math.max(1, this.#lines.lines.length)
    return Math.abs(travelled(this.#lines, to) - this.#scroller.y) > line
  }

  #lay(y: number, room: Room): void {
    const pages = room.paged ? pagesOf(this.#lines, room.pageHeight) : undefined
    this.#scroller.lay(this.#lines, pages, y)
    if (this.#motion === 'running' && this.#goal) this.#scroller.run(this.#goal.rate)
  }

  #move(motion: Motion): void {
    if (this.#motion === motion) return
    this.#motion = motion
    this.onMotion?.(motion)
  }
}
