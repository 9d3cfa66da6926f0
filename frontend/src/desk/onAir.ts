const SENTENCE = /[^。！？!?；;…\n]*[。！？!?；;…]*[”’」』）)]*\n*/gu

/** A script on screen around the sentence that is being read at `position` (in code points of the content). */
export function aroundLine(
  content: string,
  position: number,
): { before: string; line: string; after: string } {
  let at = 0
  let before = ''
  for (const [sentence] of content.matchAll(SENTENCE)) {
    const end = at + Array.from(sentence).length
    if (sentence.trim() && position < end)
      return { before, line: sentence, after: content.slice(before.length + sentence.length) }
    before += sentence
    at = end
  }
  return { before: content, line: '', after: '' }
}
