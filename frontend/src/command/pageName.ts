import type { TFunction } from 'i18next'

/** What a page is called, by its address. Two stand not in the shell's words but in those of their own. */
export function pageName(page: string, t: TFunction): string {
  if (page === 'experiments') return t('experiment.title')
  if (page === 'models') return t('models.title')
  return t(`nav.${page as 'console'}`)
}
