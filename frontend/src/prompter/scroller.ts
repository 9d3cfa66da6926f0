import { EMPTY, type Lines, passed, travelled } from './lines'

export const RAMP_MS = 300
export const SEEK_MS = 350
const SLOWEST = 0.001
/** The rate 1 of the animation, in characters a second; real rates are multiples of it. */
const BASE = 5

const easeOut = (share: number): number => 1 - (1 - share) ** 3

/**
 * Moves an element up by one compositor animation whose time is the number of characters that have passed, so the text goes
 * on smoothly, and stays in step with other displays, while the main thread is busy.
 */
export class Scroller {
  /** Called when the text has run to its end (or, in reverse, to its beginning). */
  onEnd: (() => void) | undefined
  readonly #element: HTMLElement
  #animation: Animation | undefined
  #lines: Lines = EMPTY
  #rate = 0
  #wanted = 0
  #going = false
  #frame = 0
  #seekFrame = 0

  constructor(element: HTMLElement) {
    this.#element = element
  }

  /** Pixels travelled. */
  get y(): number {
    return travelled(this.#lines, this.at)
  }

  /** Characters passed. */
  get at(): number {
    const time = Number(this.#animation?.currentTime ?? 0)
    return Math.min(this.length, Math.max(0, (time / 1000) * BASE))
  }

  get length(): number {
    return this.#lines.way.at(-1)?.at ?? 0
  }

  /** Whether it is on its way to another place. */
  get seeking(): boolean {
    return this.#seekFrame !== 0
  }

  /** Lay the way anew, page by page if `pages` says where they begin, and stand at `y`; a running text keeps running. */
  lay(lines: Lines, pages: readonly number[] | undefined, y: number): void {
    this.#lines = lines
    const frames = keyframes(lines, pages)
    const duration = Math.max(1, (this.length / BASE) * 1000)
    if (!this.#animation) {
      this.#animation = this.#element.animate(frames, { duration, easing: 'linear', fill: 'both' })
      this.#animation.pause()
      this.#animation.onfinish = () => this.#ended()
    } else {
      const effect = this.#animation.effect as KeyframeEffect
      effect.setKeyframes(frames)
      effect.updateTiming({ duration })
    }
    this.#stopSeek()
    this.#put(passed(lines, y))
    // An animation that had ended would run again by itself when its end moves away.
    if (!this.#going) this.#animation.pause()
  }

  /** Go (or keep going) at `rate` characters a second, reached within 300 ms; negative runs backwards. */
  run(rate: number): void {
    this.#wanted = rate / BASE
    if (!this.#animation || this.#seekFrame) {
      this.#going = true
      return
    }
    if (!this.#going || this.#animation.playState !== 'running') {
      this.#rate = 0
      this.#animation.updatePlaybackRate(this.#wanted < 0 ? -SLOWEST : SLOWEST)
      const { at } = this
      this.#animation.play()
      // `play()` rewinds an animation that stands at its end.
      if (Math.abs(this.at - at) > 0.05) this.#put(at)
    }
    this.#going = true
    this.#ramp(this.#wanted, () => undefined)
  }

  /** A hair faster or slower, at once; nothing while it speeds up, stops or is elsewhere. */
  trim(rate: number): void {
    if (!this.#going || this.#frame || this.#seekFrame) return
    this.#wanted = this.#rate = rate / BASE
    this.#animation?.updatePlaybackRate(this.#rate)
  }

  /** Slow down to a stand within 300 ms. */
  stop(): void {
    this.#going = false
    this.#stopSeek()
    if (this.#animation?.playState !== 'running') return
    this.#ramp(0, () => this.#animation?.pause())
  }

  /** Stand still now (a finger holds the text). */
  hold(): void {
    this.#going = false
    this.#stopRamp()
    this.#stopSeek()
    this.#rate = 0
    this.#animation?.pause()
  }

  /** Go to a place (characters), eased; a running text runs on from there. */
  seek(to: number, eased = true): void {
    const animation = this.#animation
    if (!animation) return
    this.#stopRamp()
    this.#stopSeek()
    const from = this.y
    const end = travelled(this.#lines, to)
    animation.pause()
    const resume = () => {
      this.#seekFrame = 0
      this.#rate = 0
      if (this.#going) this.run(this.#wanted * BASE)
    }
    if (!eased) {
      this.#put(to)
      resume()
      return
    }
    const begin = performance.now()
    const step = (now: number) => {
      const share = Math.min(1, Math.max(0, (now - begin) / SEEK_MS))
      if (share < 1) {
        this.#put(passed(this.#lines, from + (end - from) * easeOut(share)))
        this.#seekFrame = requestAnimationFrame(step)
        return
      }
      this.#put(to)
      resume()
    }
    this.#seekFrame = requestAnimationFrame(step)
  }

  dispose(): void {
    this.hold()
    this.#animation?.cancel()
    this.#animation = undefined
  }

  #put(at: number): void {
    if (this.#animation) this.#animation.currentTime = (Math.min(this.length, Math.max(0, at)) / BASE) * 1000
  }

  #stopSeek(): void {
    cancelAnimationFrame(this.#seekFrame)
    this.#seekFrame = 0
  }

  #stopRamp(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
  }

  #ramp(to: number, done: () => void): void {
    this.#stopRamp()
    const from = this.#rate
    const begin = performance.now()
    const step = (now: number) => {
      const share = Math.min(1, Math.max(0, (now - begin) / RAMP_MS))
      this.#rate = from + (to - from) * share
      const backwards = this.#rate < 0 || (this.#rate === 0 && to < 0)
      const size = Math.max(SLOWEST, Math.abs(this.#rate))
      this.#animation?.updatePlaybackRate(backwards ? -size : size)
      if (share < 1) this.#frame = requestAnimationFrame(step)
      else {
        this.#frame = 0
        done()
      }
    }
    this.#frame = requestAnimationFrame(step)
  }

  #ended(): void {
    // Laying a shorter text can end an animation that nobody let run.
    if (!this.#going) return
    this.#going = false
    this.#stopRamp()
    this.#rate = 0
    this.onEnd?.()
  }
}

function keyframes({ way, height }: Lines, pages: readonly number[] | undefined): Keyframe[] {
  const transform = (y: number) => `translate3d(0, ${-y}px, 0)`
  const length = way.at(-1)?.at ?? 0
  if (length === 0 || height <= 0) return [{ transform: transform(0) }, { transform: transform(0) }]
  if (!pages) return way.map(({ at, y }) => ({ transform: transform(y), offset: at / length }))
  const last = pages.at(-1) ?? 0
  return [
    ...pages.map((y) => ({
      transform: transform(y),
      offset: Math.min(1, passed({ way, height, lines: [] }, y) / length),
      easing: 'step-end',
    })),
    { transform: transform(last), offset: 1 },
  ]
}
