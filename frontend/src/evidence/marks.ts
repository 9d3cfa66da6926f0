const MARKS = '.detail .approval .mark'

const marks = () => [...document.querySelectorAll<HTMLElement>(MARKS)]

/** Go to what is marked from a place of the text on (in code points). */
export function showMark(start: number): void {
  const found = marks().find((mark) => mark.dataset.start === String(start))
  if (!found) return
  for (const mark of marks()) delete mark.dataset.at
  found.dataset.at = ''
  found.scrollIntoView({ block: 'center' })
  found.focus({ preventScroll: true })
}

/** Where the mark begins that one went to last. */
export function atMark(): number | undefined {
  const present = marks().find((mark) => mark.dataset.at !== undefined)?.dataset.start
  return present === undefined ? undefined : Number(present)
}
