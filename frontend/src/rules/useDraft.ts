import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import { RestProblem } from '../shared/rest'
import { keepDraft, keptDraft } from '../shared/storage'
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

const KEY = 'form:rules'

/** What was changed and not saved when the page was left, with what it was begun from: a colleague may have saved since. */
function read(): { base: TenantRules; overlay: Overlay } | undefined {
  try {
    const kept = JSON.parse(keptDraft(KEY) || 'null') as { base?: TenantRules; overlay?: Overlay } | null
    return kept?.base && kept.overlay ? { base: kept.base, overlay: kept.overlay } : undefined
  } catch {
    return undefined
  }
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
  const [kept] = useState(read)
  const [base, setBase] = useState(kept?.base)
  const [overlay, setOverlay] = useState<Overlay>(kept?.overlay ?? nothing)
  const [faults, setFaults] = useState<readonly Fault[]>([])
  const [refusal, setRefusal] = useState<unknown>()
  const dirty = base !== undefined && isChanged(base.overlay, overlay)
  const theirs = latest.data
  useEffect(() => {
    if (base) keepDraft(KEY, dirty ? JSON.stringify({ base, overlay }) : '')
  }, [base, overlay, dirty])

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
    /** What is changed was changed before the page was opened. */
    restored: kept !== undefined && kept.overlay === overlay,
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
    discard: () => {
      const saved = theirs ?? base
      if (saved) accept(saved)
    },
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
