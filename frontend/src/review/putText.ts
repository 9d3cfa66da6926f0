/** Whether the place between two UTF-16 units is inside of one character. */
const splits = (text: string, at: number) =>
  /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1))

/** From where to where two texts differ, each by its own places; no character is cut in two. */
export function changedPart(before: string, after: string): { from: number; to: number; text: string } {
  const shorter = Math.min(before.length, after.length)
  let from = 0
  while (from < shorter && before[from] === after[from]) from += 1
  if (splits(before, from) || splits(after, from)) from -= 1
  let tail = 0
  while (tail < shorter - from && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1
  if (splits(before, before.length - tail) || splits(after, after.length - tail)) tail -= 1
  return { from, to: before.length - tail, text: after.slice(from, after.length - tail) }
}

/**
 * Put another text into a field as if it were typed: the focus goes to the place that changes, the field says so by an
 * `input` event, and Ctrl+Z takes it back. Returns false where the browser has no such way, and nothing was done.
 */
export function putText(field: HTMLTextAreaElement, text: string): boolean {
  const change = changedPart(field.value, text.replaceAll(/\r\n?/g, '\n'))
  field.focus()
  field.setSelectionRange(change.from, change.to)
  if (change.text === '' && change.from === change.to) return true
  // Deprecated, and still the only way into a field's own history.
  return document.execCommand?.(change.text ? 'insertText' : 'delete', false, change.text) ?? false
}
