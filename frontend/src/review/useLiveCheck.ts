import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { api } from '../shared/api'
import type { Shapes } from '../shared/rest'
import { carryFindings } from '../shared/text'

const PAUSE_MS = 400
const KEEP_MS = 60_000

export type Context = Omit<Shapes['Check'], 'content'>

export interface LiveCheck {
  /** The newest answer; of an older text while a newer one is being checked. */
  readonly report: Shapes['Report'] | undefined
  /** Its findings where they stand in the text as it is now; those in what was just changed are left out. */
  readonly findings: readonly Shapes['Finding'][]
  /** The answer is about exactly this text. */
  readonly fresh: boolean
  readonly failed: boolean
}

/** What the checks say of a text while it is typed: asked when the typing pauses, an answer that comes late is dropped. */
export function useLiveCheck(content: string, context: Context): LiveCheck {
  const [settled, setSettled] = useState(content)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(content), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [content])
  const check = useQuery({
    queryKey: ['check', settled, context],
    queryFn: async ({ signal }) => ({
      text: settled,
      report: await api.check({ ...context, content: settled }, signal),
    }),
    enabled: settled.trim() !== '',
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEEP_MS,
    placeholderData: (previous) => previous,
    retry: false,
  })
  const { data } = check
  const findings = useMemo(
    () => (data ? carryFindings(data.text, content, data.report.findings) : []),
    [data, content],
  )
  return { report: data?.report, findings, fresh: data?.text === content, failed: check.isError }
}
