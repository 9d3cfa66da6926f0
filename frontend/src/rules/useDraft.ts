import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import { RestProblem } from '../shared/rest'
import { type Overlay, rulesApi, type TenantRules } from './api'
import { isChanged, merged } from './draft'

/** One thing that is wrong with what was to be saved, as the server tells it. */
export interface Fault {
  readonly part: 'rules' | 'adjustments' | 'allow' | 'brands'
  readonly line: number
  readonly field: string
  readonly code: string
  readonly message: string
  readonly value: string
}

const nothing: Overlay = { rules: [], adjustments: [], allow: [], brands: [] }

/** What is edited here, what it was begun from, and what the team has saved by now. */
export function useDraft() {
  const cache = useQueryClient()
  // Looked at again and again: whoever edits should see early that a colleague has saved.
  const latest = useQuery({
    queryKey: ['rules', 'overlay'],
    queryFn: rulesApi.overlay,
    staleTime: 0,
    refetchInterval: 20_000,
  })
  const [base, setBase] = useState<TenantRules>()
  const [overlay, setOverlay] = useState<Overlay>(nothing)
  const [faults, setFaults] = useState<readonly Fault[]>([])
  const [refusal, setRefusal] = useState<unknown>()
  const dirty = base !== undefined && isChanged(base.overlay, overlay)
  const theirs = latest.data

  const accept = useCallback(
    (saved: TenantRules) => {
      setBase(saved)
      setOverlay(saved.overlay)
      setFaults([])
      setRefusal(undefined)
      cache.setQueryData(['rules', 'overlay'], saved)
      void cache.invalidateQueries({ queryKey: ['rules'] })
    },
    [cache],
  )
  useEffect(() => {
    // Nothing is edited: what is saved is what is shown.
    if (theirs && !dirty && theirs.revision !== base?.revision) {
      setBase(theirs)
      setOverlay(theirs.overlay)
    }
  }, [theirs, dirty, base?.revision])

  const refused = (error: unknown) => {
    const told =
      error instanceof RestProblem && error.code === 'rules_refused' ? error.details.faults : undefined
    setFaults(Array.isArray(told) ? (told as Fault[]) : [])
    setRefusal(told ? undefined : error)
    if (error instanceof RestProblem && error.code === 'version_conflict') void latest.refetch()
  }
  return {
    overlay,
    saved: base,
    dirty,
    faults,
    refusal,
    problem: base ? undefined : latest.error,
    /** Somebody saved since this was begun. */
    overtaken: dirty && theirs && base && theirs.revision > base.revision ? theirs : undefined,
    accept,
    refused,
    reload: () => void latest.refetch(),
    change: (changes: Partial<Overlay>) => {
      setOverlay((now) => ({ ...now, ...changes }))
      setFaults([])
      setRefusal(undefined)
    },
    discard: () => theirs && accept(theirs),
    mergeMine: () => {
      if (!theirs || !base) return
      setOverlay(merged(base.overlay, overlay, theirs.overlay))
      setBase(theirs)
      setFaults([])
      setRefusal(undefined)
    },
  }
}

export type Draft = ReturnType<typeof useDraft>
