import { Fragment, memo } from 'react'
import { type Script, together, type Word } from './script'

/** A figure and its unit stay together even around a space, as long as they surely fit on a line. */
const WHOLE = 8
/** Widths in em: of a Chinese character, of any other, with the room between letters. */
const [WIDE, NARROW] = [1.02, 0.64]

/** The script's words, each with its offset, with a possible line break only between them. */
export const Text = memo(function Text({ script }: { script: Script }) {
  return script.paragraphs.map((paragraph) => (
    <p key={paragraph.offset}>
      {together(paragraph.words).map((words) => (
        <Fragment key={words[0]?.offset}>
          {words.length > 1 ? (
            <span className={`name-${emsOf(words)}`}>{words.map(spanOf)}</span>
          ) : (
            words.map(spanOf)
          )}
          <wbr />
        </Fragment>
      ))}
    </p>
  ))
})

/** The stylesheet keeps a name of so many em together on lines that are as long. */
const emsOf = (words: readonly Word[]): number =>
  Math.ceil(
    Array.from(words.map(({ text }) => text).join(''), (one) => (one > '\u2e80' ? WIDE : NARROW)).reduce(
      (sum, em) => sum + em,
    ),
  )

const spanOf = (word: Word, at: number) => (
  <Fragment key={word.offset}>
    {at > 0 && <wbr />}
    <span data-o={word.offset} data-cue={word.kind === 'cue' ? '' : undefined} className={classOf(word)}>
      {word.text}
    </span>
  </Fragment>
)

function classOf(word: Word): string | undefined {
  if (word.kind === 'speech') return undefined
  return word.kind === 'figure' && word.text.length <= WHOLE ? 'figure whole' : word.kind
}
