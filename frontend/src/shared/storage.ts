import { useCallback, useState } from 'react'

/** What was typed survives a reload. A browser that refuses storage loses only that. */
export function remember(key: string, value: string): void {
  try {
    if (value) localStorage.setItem(key, value)
    else localStorage.removeItem(key)
  } catch {
    console.warn('the browser refuses to store drafts')
  }
}

export function recall(key: string): string {
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}

/** A text field's state, kept under `key`; another key is another draft. */
export function useDraft(key: string): [string, (value: string) => void] {
  const [draft, setDraft] = useState(() => ({ key, value: recall(key) }))
  const value = draft.key === key ? draft.value : recall(key)
  const change = useCallback(
    (next: string) => {
      remember(key, next)
      setDraft({ key, value: next })
    },
    [key],
  )
  return [value, change]
}
