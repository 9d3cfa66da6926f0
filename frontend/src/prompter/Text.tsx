import { Fragment, memo } from 'react'
import type { Script, Word } from './script'

/** A figure and its unit stay together even around a space, as long as they surely fit on a line. */
const WHOLE = 8

/** The script's words, each with its offset, with a possible line break only between them. */
export const Text = memo(function Text({ script }: { script: Script }) {
  return script.paragraphs.map((paragraph) => (
    <p key={paragraph.offset}>
      {paragraph.words.map((word) => (
        <Fragment key={word.offset}>
          <span
            data-o={word.offset}
            data-cue={word.kind === 'cue' ? '' : undefined}
            className={classOf(word)}
          >
            {word.text}
          </span>
          <wbr />
        </Fragment>
      ))}
    </p>
  ))
})

function classOf(word: Word): string | undefined {
  if (word.kind === 'speech') return undefined
  return word.kind === 'figure' && word.text.length <= WHOLE ? 'figure whole' : word.kind
}
