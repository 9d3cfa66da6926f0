import { type Ref, useRef } from 'react'

/** A text with the numbers of its lines beside it; those in `marked` stand out. Ctrl+Enter or ⌘+Enter saves. */
export function LinedText(props: {
  ref: Ref<HTMLTextAreaElement>
  label: string
  placeholder: string
  value: string
  marked: readonly number[]
  describedBy: string | undefined
  onChange: (text: string) => void
  onSave: () => void
}) {
  const { ref, label, placeholder, value, marked, describedBy, onChange, onSave } = props
  const numbers = useRef<HTMLDivElement>(null)
  const count = (value || placeholder).split('\n').length
  return (
    <div className="lined-text">
      <div ref={numbers} className="lined-text-numbers" aria-hidden>
        {Array.from({ length: count }, (_, place) => place + 1).map((line) => (
          <div key={line} className={marked.includes(line) ? 'lined-text-marked' : undefined}>
            {line}
          </div>
        ))}
      </div>
      <textarea
        ref={ref}
        aria-label={label}
        aria-invalid={marked.length > 0}
        aria-describedby={describedBy}
        placeholder={placeholder}
        rows={Math.min(30, Math.max(8, count + 1))}
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        value={value}
        onChange={({ target }) => onChange(target.value)}
        onScroll={({ currentTarget }) => {
          if (numbers.current) numbers.current.scrollTop = currentTarget.scrollTop
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault()
            onSave()
          }
        }}
      />
    </div>
  )
}
