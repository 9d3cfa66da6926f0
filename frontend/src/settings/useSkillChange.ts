import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useRef, useState } from 'react'
import type { Shapes } from '../shared/rest'
import { type Skill, settingsApi } from './api'

type Changes = Shapes['SkillChanges']

/**
 * Change skills one after the other. What is chosen is shown at once, so that the next choice builds on it; an answer counts
 * only while nothing later was asked of that skill. `failed` is told what went wrong; then the list is read again.
 */
export function useSkillChange(failed: (error: unknown) => void) {
  const cache = useQueryClient()
  const [busy, setBusy] = useState<string>()
  const line = useRef(Promise.resolve())
  const latest = useRef(new Map<string, Changes>())
  const change = useCallback(
    (name: Skill['name'], body: Changes): Promise<void> => {
      const put = (changed: Partial<Skill>) =>
        cache.setQueryData<Skill[]>(['skills'], (known) =>
          known?.map((skill) => (skill.name === name ? { ...skill, ...changed } : skill)),
        )
      // A list that was asked for before would bring back what was.
      void cache.cancelQueries({ queryKey: ['skills'] })
      const { enabled, roles } = body
      put({
        ...(typeof enabled === 'boolean' ? { enabled } : {}),
        ...(roles ? { roles } : {}),
      })
      latest.current.set(name, body)
      setBusy(name)
      line.current = line.current.then(async () => {
        const isLast = () => latest.current.get(name) === body
        try {
          const changed = await settingsApi.changeSkill(name, body)
          if (isLast()) put(changed)
        } catch (error) {
          failed(error)
          if (isLast()) await cache.invalidateQueries({ queryKey: ['skills'] })
        } finally {
          if (isLast()) setBusy((now) => (now === name ? undefined : now))
        }
      })
      return line.current
    },
    [cache, failed],
  )
  return { busy, change }
}
