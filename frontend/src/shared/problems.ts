import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { told } from './rest'

/** The sentence for whatever went wrong, by its stable code; the server's own words where we know no better. */
export function useProblemText(): (problem: unknown) => string {
  const { t, i18n } = useTranslation()
  return useCallback(
    (problem) => {
      const { code, message, details } = told(problem)
      // A refusal says which skill: a team may have closed one of several.
      if (code === 'skill_refused' && typeof details.title === 'string')
        // Titles are Chinese; its name is English.
        return t('refusedSkill', {
          skill: i18n.language === 'en' ? String(details.skill ?? details.title) : details.title,
        })
      if (i18n.exists(`problem.${code}`)) return t(`problem.${code}` as 'problem.internal_error')
      return message || t('problem.internal_error')
    },
    [t, i18n],
  )
}
