import { Fragment, memo, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { StageText } from '../generated/protocol'
import { EMPTY, type Lines, measure, pixelOf } from '../prompter/lines'
import { parse, type Script, together, type Word } from '../prompter/script'
import { eased } from './place'
import { sectionsOf } from './sections'
import './reading.css'

/** A line over the text: where somebody is. */
export interface Mark {
  readonly id: string
  readonly label: string
  /** The one that is read from; the others are drawn thin. */
  readonly leads: boolean
  /** Where it is now, in characters from the start. Called at every frame. */
  at(): number
}

/** The line that leads is kept between these shares of the box's height. */
const [HIGH, LOW, REST] = [0.12, 0.62, 0.3]
/** Pixels between two lines that count as one: about a line of text. */
const NEAR = 30

const Words = memo(function Words({
  script,
  gutter,
}: {
  script: Script
  gutter: ((n: number) => ReactNode) | undefined
}) {
  return script.paragraphs.map((paragraph, place) => (
    <div key={paragraph.offset} className="reading-section">
      {gutter?.(place)}
      <p>
        {together(paragraph.words).map((words) => (
          <Fragment key={words[0]?.offset}>
            {words.length > 1 ? <span className="reading-name">{words.map(spanOf)}</span> : words.map(spanOf)}
            <wbr />
          </Fragment>
        ))}
      </p>
    </div>
  ))
})

const spanOf = (word: Word) => (
  <span
    key={word.offset}
    data-o={word.offset}
    data-cue={word.kind === 'cue' ? '' : undefined}
    className={word.kind === 'speech' ? undefined : `reading-${word.kind}`}
  >
    {word.text}
  </span>
)

/**
 * A script as it is written, never mirrored, and over it the lines at which the displays are reading. The text stands
 * still and the lines move, so that what one points at stays under the pointer; the box follows the line that leads
 * until somebody scrolls it.
 */
export function Reading({
  script,
  marks,
  label,
  back,
  calm,
  gutter,
  onSeek,
}: {
  script: Script
  marks: readonly Mark[]
  /** What the box is called, and the button that follows the line again. */
  label: string
  back: string
  calm: boolean
  /** What stands before each section. */
  gutter?: ((section: number) => ReactNode) | undefined
  /** Called with a place that was clicked; without it nothing is clickable. */
  onSeek?: ((place: number) => void) | undefined
}) {
  const box = useRef<HTMLElement>(null)
  const track = useRef<HTMLDivElement>(null)
  const veil = useRef<HTMLDivElement>(null)
  const lines = useRef<Lines>(EMPTY)
  const elements = useRef(new Map<string, HTMLElement>())
  const drawn = useRef(new Map<string, number>())
  const [following, setFollowing] = useState(true)

  useLayoutEffect(() => {
    const target = track.current
    if (!target) return
    drawn.current.clear()
    const read = () => {
      lines.current = measure(target, script, false)
    }
    read()
    const observer = new ResizeObserver(read)
    observer.observe(target)
    return () => observer.disconnect()
  }, [script])

  useEffect(() => {
    let frame = 0
    let last = performance.now()
    const draw = (now: number) => {
      frame = requestAnimationFrame(draw)
      const elapsed = now - last
      last = now
      let leads: number | undefined
      const heights = new Map<HTMLElement, number>()
      for (const mark of marks) {
        const truth = mark.at()
        const place = eased(drawn.current.get(mark.id) ?? truth, truth, elapsed, calm)
        drawn.current.set(mark.id, place)
        const y = pixelOf(lines.current, place)
        const element = elements.current.get(mark.id)
        if (element) {
          element.style.transform = `translateY(${y.toFixed(2)}px)`
          element.dataset.place = place.toFixed(1)
          if (!mark.leads) heights.set(element, y)
        }
        if (mark.leads) leads = y
      }
      for (const [element, y] of heights)
        element.toggleAttribute('data-near', leads !== undefined && Math.abs(y - leads) < NEAR)
      if (veil.current) veil.current.style.transform = `scaleY(${leads ?? 0})`
      if (following && leads !== undefined) keepInView(box.current, leads, calm)
    }
    frame = requestAnimationFrame(draw)
    return () => cancelAnimationFrame(frame)
  }, [marks, calm, following])

  const free = () => setFollowing(false)
  return (
    <div className="reading">
      <section
        ref={box}
        className="reading-box"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled by the keyboard, too
        tabIndex={0}
        onWheel={free}
        onTouchMove={free}
        onPointerDown={(event) => event.target === box.current && free()}
        onKeyDown={(event) => /^(Arrow(Up|Down)|Page(Up|Down)|Home|End)$/.test(event.key) && free()}
      >
        {/* The keyboard goes to sections by the buttons before them; the pointer to any word. */}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: see above */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: see above */}
        <div
          ref={track}
          className={onSeek ? 'reading-track seekable' : 'reading-track'}
          lang="zh-CN"
          onClick={(event) => {
            const word = event.target instanceof Element && event.target.closest<HTMLElement>('[data-o]')
            if (word && onSeek) onSeek(Number(word.dataset.o))
          }}
        >
          <div ref={veil} className="reading-veil" aria-hidden="true" />
          <Words script={script} gutter={gutter} />
          {marks.map((mark) => (
            <div
              key={mark.id}
              ref={(element) => {
                if (element) elements.current.set(mark.id, element)
                else elements.current.delete(mark.id)
              }}
              className={mark.leads ? 'reading-line leads' : 'reading-line'}
              data-testid="reading-line"
              data-mark={mark.id}
            >
              {mark.label && <span>{mark.label}</span>}
            </div>
          ))}
        </div>
      </section>
      {!following && (
        <button type="button" className="reading-back" onClick={() => setFollowing(true)}>
          {back}
        </button>
      )}
    </div>
  )
}

/** A text as `Reading` shows it, and its sections, which its gutter is about. */
export function useSections({ content, pieces }: Pick<StageText, 'content' | 'pieces'>) {
  // Every order of the director brings the text anew: the same one is not measured again.
  const cut = JSON.stringify(pieces ?? [])
  return useMemo(() => {
    const script = parse(content, JSON.parse(cut))
    return { script, sections: sectionsOf(script) }
  }, [content, cut])
}

function keepInView(box: HTMLElement | null, y: number, calm: boolean): void {
  if (!box) return
  const { scrollTop, clientHeight, scrollHeight } = box
  const inside = y - scrollTop
  if (inside >= clientHeight * HIGH && inside <= clientHeight * LOW) {
    delete box.dataset.going
    return
  }
  const wanted = Math.min(scrollHeight - clientHeight, Math.max(0, y - clientHeight * REST))
  if (Math.abs(wanted - scrollTop) < 2) return
  if (box.dataset.going === String(Math.round(wanted / 40))) return
  // Named, so that the next frames do not begin the same journey again.
  box.dataset.going = String(Math.round(wanted / 40))
  box.scrollTo({ top: wanted, behavior: calm ? 'instant' : 'smooth' })
}
