import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'

/** The sentence for a refusal, by its stable code; the server's own words where we know no better. */
export function useProblemText(): (problem: { code: string; message?: string }) => string {
  const { t, i18n } = useTranslation()
  return useCallback(
    ({ code, message }) =>
      i18n.exists(`problem.${code}`)
        ? t(`problem.${code}` as 'problem.internal_error')
        : message || t('problem.internal_error'),
    [t, i18n],
  )
}
