import { carry } from './carry'
import { EMPTY, type Lines, measure, pagesOf, pixelOf, positionOf, secondsLeft, speedOf } from './lines'
import type { Script } from './script'
import { Scroller } from './scroller'
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

/** The text as laid out, and the motion over it. */
export class Player {
  onMotion: ((motion: Motion) => void) | undefined
  private readonly track: HTMLElement
  private readonly scroller: Scroller
  private script: Script | undefined
  private lines: Lines = EMPTY
  private pace = 240
  private direction = 1
  private motion: Motion = 'paused'

  constructor(track: HTMLElement) {
    this.track = track
    this.scroller = new Scroller(track)
    this.scroller.onEnd = () => this.move(this.direction > 0 ? 'finished' : 'paused')
  }

  /** Another text is in the track: stand where it says, or where the reader was in the former version. */
  show(script: Script, arrival: Arrival, room: Room): void {
    const before = this.script
    const [y, old] = [this.scroller.y, this.lines]
    this.script = script
    this.lines = measure(this.track, script, room.flipped)
    if (arrival.kind === 'start' || !before) {
      this.scroller.hold()
      this.direction = 1
      // Before it is laid: what is laid while running runs on.
      this.move('paused')
      this.lay(arrival.kind === 'start' ? pixelOf(this.lines, arrival.position) : 0, room)
      return
    }
    // Anchor the line under the reading line, not a percentage: it must not move by a pixel.
    const reading = old.lines.findLast((line) => line.top <= y)
    const anchor = reading?.start ?? 0
    const mate = carry(before, script, anchor)
    const line = this.lines.lines.findLast((candidate) => candidate.start <= mate)
    const exact = line && reading && line.start === mate
    this.lay(
      exact ? line.top + (y - reading.top) : pixelOf(this.lines, carry(before, script, positionOf(old, y))),
      room,
    )
    if (this.motion === 'finished' && this.scroller.y < this.lines.height - 1) this.move('paused')
  }

  /** Size, rotation or font changed: keep the character under the reading line. */
  relayout(room: Room): void {
    if (!this.script) return
    const position = positionOf(this.lines, this.scroller.y)
    const finished = this.motion === 'finished'
    this.lines = measure(this.track, this.script, room.flipped)
    this.lay(finished ? this.lines.height : pixelOf(this.lines, position), room)
  }

  play(): void {
    if (!this.script || this.lines.height === 0) return
    const y = this.scroller.y
    if (this.direction > 0 && y >= this.lines.height - 0.5) this.scroller.seek(0, false)
    if (this.direction < 0 && y <= 0.5) this.direction = 1
    this.scroller.run(this.speed)
    this.move('running')
  }

  pause(): void {
    this.scroller.stop()
    this.move('paused')
  }

  reverse(): void {
    this.direction = -this.direction
    this.play()
  }

  setPace(pace: number): void {
    this.pace = pace
    if (this.motion === 'running') this.scroller.run(this.speed)
  }

  /** Move by hand, by pixels; the text stands until `play`. */
  drag(pixels: number): void {
    this.scroller.hold()
    this.scroller.seek(this.scroller.y + pixels, false)
    this.move('paused')
  }

  /** To the beginning of a character, eased. */
  goTo(position: number): void {
    const line = this.lines.lines.findLast((candidate) => candidate.start <= position)
    if (this.motion === 'finished') this.move('paused')
    this.scroller.seek(line?.top ?? 0)
  }

  /** To the sentence or paragraph before (-1) or after (1) the one being read. */
  step(unit: 'sentence' | 'paragraph', direction: 1 | -1): void {
    if (!this.script) return
    const starts =
      unit === 'sentence' ? this.script.sentences : this.script.paragraphs.map(({ offset }) => offset)
    const here = this.lines.lines.findLast((line) => line.top <= this.scroller.y + 0.5)
    if (!here) return
    const target =
      direction > 0
        ? starts.find((start) => start >= here.end)
        : starts.findLast((start) => start < here.start + (this.motion === 'running' ? -this.patience : 0))
    this.goTo(target ?? (direction > 0 ? this.script.length : 0))
  }

  get place(): Place {
    const y = this.scroller.y
    const { height } = this.lines
    return {
      position: this.script ? Math.min(this.script.length, positionOf(this.lines, y)) : 0,
      share: height > 0 ? y / height : 0,
      secondsLeft: secondsLeft(this.lines, y, this.pace),
    }
  }

  dispose(): void {
    this.scroller.dispose()
  }

  private get speed(): number {
    return this.direction * speedOf(this.lines, this.pace)
  }

  /** While running, "back" soon after a beginning means the one before it: about a second of reading. */
  private get patience(): number {
    return Math.round(this.pace / 60)
  }

  private lay(y: number, room: Room): void {
    const pages = room.paged ? pagesOf(this.lines, room.pageHeight) : undefined
    this.scroller.lay({ height: this.lines.height, pages }, y)
    if (this.motion === 'running') this.scroller.run(this.speed)
  }

  private move(motion: Motion): void {
    if (this.motion === motion) return
    this.motion = motion
    this.onMotion?.(motion)
  }
}
