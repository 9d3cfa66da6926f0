import { Fragment, memo } from 'react'
import type { Script } from './script'

/** The script's words, each with its offset, with a possible line break only between them. */
export const Text = memo(function Text({ script }: { script: Script }) {
  return script.paragraphs.map((paragraph) => (
    <p key={paragraph.offset}>
      {paragraph.words.map((word) => (
        <Fragment key={word.offset}>
          <span
            data-o={word.offset}
            data-cue={word.kind === 'cue' ? '' : undefined}
            className={word.kind === 'speech' ? undefined : word.kind}
          >
            {word.text}
          </span>
          <wbr />
        </Fragment>
      ))}
    </p>
  ))
})
