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
export function keepDraft(key: string, text: string): void {
  const name = mine + key
  try {
    // Each open tab has its own, also that it is empty; the browser keeps the last one for the tabs to come.
    if (text || recall(name) === keptDraft(key)) remember(name, text)
    sessionStorage.setItem(name, text)
  } catch {
    // Said by `remember`.
  }
}

export function keptDraft(key: string): string {
  try {
    return sessionStorage.getItem(mine + key) ?? recall(mine + key)
  } catch {
    return ''
  }
}

/** The scripts that a person's teleprompters keep on the device go with the person's session. */
export function dropScripts(): void {
  try {
    indexedDB.deleteDatabase('cuedesk-prompter')
  } catch {
    // As below.
  }
}

/** Who goes leaves nothing half said behind, and no script. */
export function dropDrafts(): void {
  dropScripts()
  try {
    for (const held of [localStorage, sessionStorage])
      for (const key of Object.keys(held)) if (mine && key.startsWith(mine)) held.removeItem(key)
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
