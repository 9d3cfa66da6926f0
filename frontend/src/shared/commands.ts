import { useCallback, useRef } from 'react'
import { uuid7 } from '../wire/ids'

/** Names what is sent: the same content sent again, after a lost answer, carries the same name and is done once. */
export function useCommandKeys(): (content: unknown) => string {
  const keys = useRef(new Map<string, string>())
  return useCallback((content) => {
    const body = JSON.stringify(content)
    const key = keys.current.get(body) ?? uuid7()
    keys.current.set(body, key)
    return key
  }, [])
}
