import { useCallback, useState } from 'react'

/** A choice that survives a reload. A browser that refuses storage loses only that. */
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

let mine = ''

/** Whose drafts are kept and found from here on: somebody else at this browser, or in another team, has others. */
export function draftsOf(tenantId: string, userId: string): void {
  mine = `draft:${tenantId}:${userId}:`
}

/** What was typed survives a reload, and the server's death. */
export const keepDraft = (key: string, text: string): void => remember(mine + key, text)
export const keptDraft = (key: string): string => recall(mine + key)

/** Who goes leaves nothing half said behind. */
export function dropDrafts(): void {
  try {
    for (const key of Object.keys(localStorage))
      if (mine && key.startsWith(mine)) localStorage.removeItem(key)
  } catch {
    // Where nothing can be stored there is nothing.
  }
}

/** A text field's state, kept under `key`; another key is another draft. */
export function useDraft(key: string): [string, (value: string) => void] {
  const [draft, setDraft] = useState(() => ({ key, value: keptDraft(key) }))
  const value = draft.key === key ? draft.value : keptDraft(key)
  const change = useCallback(
    (next: string) => {
      keepDraft(key, next)
      setDraft({ key, value: next })
    },
    [key],
  )
  return [value, change]
}
