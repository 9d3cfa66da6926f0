import { type Script, spokenIn } from '../prompter/script'

/** A part of a script that one can go to: a paragraph. */
export interface Section {
  /** Where it begins, in characters of the content. */
  readonly offset: number
  readonly title: string
  /** 字 read aloud before it, and in it. */
  readonly before: number
  readonly spoken: number
}

const TITLE = 18

export function sectionsOf(script: Script): Section[] {
  let before = 0
  return script.paragraphs.map(({ offset, text }) => {
    const spoken = spokenIn(text)
    const points = Array.from(text.trim())
    // Before the dots no comma.
    const begun = points.slice(0, TITLE).join('')
    const title = points.length > TITLE ? `${begun.replace(/[\p{P}\s]+$/u, '')}…` : begun
    const section = { offset, title, before, spoken }
    before += spoken
    return section
  })
}

/** Which section a place is in; -1 before the first. */
export const sectionAt = (sections: readonly Section[], place: number): number =>
  sections.findLastIndex(({ offset }) => offset <= place + 0.5)

/** Where "back" and "on" lead from a place; back, soon after a beginning, to the one before it. */
export function sectionBeside(sections: readonly Section[], place: number, by: 1 | -1): number | undefined {
  const here = sectionAt(sections, place)
  if (by > 0) return sections[here + 1]?.offset
  const begin = sections[here]?.offset ?? 0
  return place - begin > 4 ? begin : sections[here - 1]?.offset
}

/** 字 still to be read aloud from a place on. Within a section they are taken as evenly spread. */
export function spokenLeft(script: Script, sections: readonly Section[], place: number): number {
  const here = Math.max(0, sectionAt(sections, place))
  const section = sections[here]
  if (!section) return 0
  const last = sections.at(-1) ?? section
  const all = last.before + last.spoken
  const length = Math.max(1, Array.from(script.paragraphs[here]?.text ?? '').length)
  const share = Math.min(1, Math.max(0, (place - section.offset) / length))
  return Math.max(0, all - section.before - section.spoken * share)
}

/** Seconds that so many 字 take at a pace in 字/分. */
export const secondsOf = (spoken: number, pace: number): number => (spoken * 60) / Math.max(1, pace)
