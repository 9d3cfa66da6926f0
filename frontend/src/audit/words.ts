import { moment } from '../shared/format'
import { listed } from '../shared/listed'
import type { Entry } from './api'

/** A dictionary: the words of a key, or nothing where it has none. */
type Word = (key: string) => string | undefined

/** How a line of the house rules that changed is noted: what happened, in which part, to what. */
const RULE = /^(added|changed|removed) (rules|adjustments|allow|brands) (.+)$/s

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/

/** What was noted beside an entry, by its names in words; what the dictionary does not know stands as it was noted. */
export function told({ action, detail }: Pick<Entry, 'action' | 'detail'>, word: Word, language: string) {
  const nameOf = (key: string) => word(`auditDetail.${key}`) ?? key
  const text = (value: unknown, names: boolean): string => {
    if (value === null || value === undefined) return '—'
    if (typeof value === 'boolean') return word(`auditValue.${value ? 'yes' : 'no'}`) ?? String(value)
    if (Array.isArray(value))
      return listed(
        value.map((one) => text(one, names)),
        language,
      )
    if (typeof value === 'object')
      return Object.entries(value)
        .map(([key, inner]) => `${nameOf(key)}: ${text(inner, names)}`)
        .join('\n')
    const said = String(value)
    const [, kind, part, name] = (names && RULE.exec(said)) || []
    if (name) return `${word(`auditRule.${kind}`) ?? kind} ${word(`auditRule.${part}`) ?? part}: ${name}`
    if (names) return nameOf(said)
    return TIME.test(said) ? moment(said, language) : (word(`auditValue.${said}`) ?? said)
  }
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => {
      // A policy is noted as it was and as it is.
      const change = action === 'tenant.policies_changed' && Array.isArray(value) && value.length === 2
      return {
        key,
        name: nameOf(key),
        text: change
          ? value.map((one) => text(one, false)).join(' → ')
          : text(value, key === 'fields' || key === 'changed'),
      }
    })
}
