import '../i18n/addMemory'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

/** Longer than this it would push the next rows off the screen. */
const LONG = 200

/** A text of any length in a table: its lines as they are, a long one's beginning until the rest is wanted. */
export function MemoryText({ text }: { text: string }) {
  const { t } = useTranslation()
  const [whole, setWhole] = useState(false)
  if (text.length <= LONG) return <div className="memory-text">{text}</div>
  return (
    <div className="memory-text">
      <div className={whole ? undefined : 'memory-text-start'}>{text}</div>
      <button type="button" className="link-button" aria-expanded={whole} onClick={() => setWhole(!whole)}>
        {t(whole ? 'memory.less' : 'memory.whole')}
      </button>
    </div>
  )
}
