const MARKS = '.detail .mark, .detail ins, .detail del'

/** Go to the next (1) or previous (-1) thing that is marked in the script: what was found, put in or taken out. */
export function stepMark(by: 1 | -1): void {
  const marks = [...document.querySelectorAll<HTMLElement>(MARKS)]
  const present = marks.findIndex((mark) => mark.dataset.at !== undefined)
  const next =
    marks[present < 0 ? (by > 0 ? 0 : marks.length - 1) : (present + by + marks.length) % marks.length]
  if (!next) return
  for (const mark of marks) delete mark.dataset.at
  next.dataset.at = ''
  next.scrollIntoView({ block: 'center' })
  if (next instanceof HTMLButtonElement) next.focus({ preventScroll: true })
}
