const RAMP_MS = 300
const SEEK_MS = 350
const SLOWEST = 0.001
/** The rate 1 of the animation, in pixels a second; real speeds are multiples of it. */
const BASE_SPEED = 50

export interface Travel {
  /** Pixels from the first to the last position. */
  readonly height: number
  /** Where pages begin, for page mode; `undefined` scrolls. */
  readonly pages: readonly number[] | undefined
}

const easeOut = (share: number): number => 1 - (1 - share) ** 3

/**
 * Moves an element up by one linear compositor animation. Speed is the animation's rate and place is its time, so the
 * text goes on smoothly while the main thread is busy.
 */
export class Scroller {
  /** Called when the text has run to its end (or, in reverse, to its beginning). */
  onEnd: (() => void) | undefined
  private readonly element: HTMLElement
  private animation: Animation | undefined
  private travel: Travel = { height: 0, pages: undefined }
  private rate = 0
  private wanted = 0
  private going = false
  private frame = 0
  private seekFrame = 0

  constructor(element: HTMLElement) {
    this.element = element
  }

  /** Pixels travelled. */
  get y(): number {
    const time = Number(this.animation?.currentTime ?? 0)
    return Math.min(this.travel.height, Math.max(0, (time / 1000) * BASE_SPEED))
  }

  /** Lay the way anew and stand at `y`; a running text keeps running. */
  lay(travel: Travel, y: number): void {
    this.travel = travel
    const frames = keyframes(travel)
    const duration = Math.max(1, (travel.height / BASE_SPEED) * 1000)
    if (!this.animation) {
      this.animation = this.element.animate(frames, { duration, easing: 'linear', fill: 'both' })
      this.animation.pause()
      this.animation.onfinish = () => this.ended()
    } else {
      const effect = this.animation.effect as KeyframeEffect
      effect.setKeyframes(frames)
      effect.updateTiming({ duration })
    }
    this.stopSeek()
    this.put(y)
    // An animation that had ended would run again by itself when its end moves away.
    if (!this.going) this.animation.pause()
  }

  /** Go (or keep going) at `speed` pixels a second, reached within 300 ms; negative runs backwards. */
  run(speed: number): void {
    this.wanted = speed / BASE_SPEED
    if (!this.animation || this.seekFrame) {
      this.going = true
      return
    }
    if (!this.going || this.animation.playState !== 'running') {
      this.rate = 0
      this.animation.updatePlaybackRate(this.wanted < 0 ? -SLOWEST : SLOWEST)
      const y = this.y
      this.animation.play()
      // `play()` rewinds an animation that stands at its end.
      if (Math.abs(this.y - y) > 0.5) this.put(y)
    }
    this.going = true
    this.ramp(this.wanted, () => undefined)
  }

  /** Slow down to a stand within 300 ms. */
  stop(): void {
    this.going = false
    this.stopSeek()
    if (this.animation?.playState !== 'running') return
    this.ramp(0, () => this.animation?.pause())
  }

  /** Stand still now (a finger holds the text). */
  hold(): void {
    this.going = false
    cancelAnimationFrame(this.frame)
    this.stopSeek()
    this.rate = 0
    this.animation?.pause()
  }

  /** Go to a place, eased; a running text runs on from there. */
  seek(y: number, eased = true): void {
    const animation = this.animation
    if (!animation) return
    cancelAnimationFrame(this.frame)
    this.stopSeek()
    const from = this.y
    const to = Math.min(this.travel.height, Math.max(0, y))
    animation.pause()
    const resume = () => {
      this.seekFrame = 0
      if (this.going) this.run(this.wanted * BASE_SPEED)
    }
    if (!eased) {
      this.put(to)
      resume()
      return
    }
    const begin = performance.now()
    const step = (now: number) => {
      const share = Math.min(1, Math.max(0, (now - begin) / SEEK_MS))
      this.put(from + (to - from) * easeOut(share))
      if (share < 1) this.seekFrame = requestAnimationFrame(step)
      else resume()
    }
    this.seekFrame = requestAnimationFrame(step)
  }

  dispose(): void {
    cancelAnimationFrame(this.frame)
    this.stopSeek()
    this.animation?.cancel()
    this.animation = undefined
  }

  private put(y: number): void {
    if (this.animation)
      this.animation.currentTime = (Math.min(this.travel.height, Math.max(0, y)) / BASE_SPEED) * 1000
  }

  private stopSeek(): void {
    cancelAnimationFrame(this.seekFrame)
    this.seekFrame = 0
  }

  private ramp(to: number, done: () => void): void {
    cancelAnimationFrame(this.frame)
    const from = this.rate
    const begin = performance.now()
    const step = (now: number) => {
      const share = Math.min(1, Math.max(0, (now - begin) / RAMP_MS))
      this.rate = from + (to - from) * share
      const backwards = this.rate < 0 || (this.rate === 0 && to < 0)
      const size = Math.max(SLOWEST, Math.abs(this.rate))
      this.animation?.updatePlaybackRate(backwards ? -size : size)
      if (share < 1) this.frame = requestAnimationFrame(step)
      else done()
    }
    this.frame = requestAnimationFrame(step)
  }

  private ended(): void {
    // Laying a shorter text can end an animation that nobody let run.
    if (!this.going) return
    this.going = false
    cancelAnimationFrame(this.frame)
    this.rate = 0
    this.onEnd?.()
  }
}

function keyframes({ height, pages }: Travel): Keyframe[] {
  const at = (y: number) => `translate3d(0, ${-y}px, 0)`
  if (!pages || height <= 0) return [{ transform: at(0) }, { transform: at(height) }]
  const last = pages.at(-1) ?? 0
  return [
    ...pages.map((y) => ({ transform: at(y), offset: Math.min(1, y / height), easing: 'step-end' })),
    { transform: at(last), offset: 1 },
  ]
}
