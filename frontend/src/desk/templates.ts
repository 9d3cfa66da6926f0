import type { TFunction } from 'i18next'
import type { Pick } from './pickers'

const scenarios = ['opening', 'selling_points', 'promotion', 'seeding', 'transition', 'closing'] as const

/** A request for each segment of a show, about `product` if one was chosen. */
export function templatesOf(t: TFunction, product: string | undefined): Pick[] {
  return scenarios.map((scenario) => {
    const insert = t(`template.${scenario}`, { product: product ?? t('template.thisProduct') })
    return { key: scenario, label: t(`scenario.${scenario}`), hint: insert, keywords: scenario, insert }
  })
}
