import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'

/** The sentence for whatever went wrong, by its stable code; the server's own words where we know no better. */
export function useProblemText(): (problem: unknown) => string {
  const { t, i18n } = useTranslation()
  return useCallback(
    (problem) => {
      const { code, message } = told(problem)
      if (i18n.exists(`problem.${code}`)) return t(`problem.${code}` as 'problem.internal_error')
      return message || t('problem.internal_error')
    },
    [t, i18n],
  )
}

/** The code and words of a refusal by REST or by the socket; anything else is a fault of ours. */
export function told(problem: unknown): { code: string; message: string } {
  if (typeof problem !== 'object' || problem === null) return { code: 'internal_error', message: '' }
  const { code, message } = problem as { code?: unknown; message?: unknown }
  if (typeof code !== 'string') return { code: 'internal_error', message: '' }
  return { code, message: typeof message === 'string' ? message : '' }
}
