import '../i18n/addFaults'
import type { FormInstance } from 'antd'
import i18next from 'i18next'
import { RestProblem } from './rest'

/** One field that the server refuses: where it is, which rule it breaks, and that rule's bounds. */
export interface Fault {
  readonly field: string
  readonly type: string
  readonly limits: Readonly<Record<string, number>>
}

export function faultsOf(error: unknown): Fault[] {
  if (!(error instanceof RestProblem) || !Array.isArray(error.details.errors)) return []
  return (error.details.errors as Partial<Fault>[]).map(({ field = '', type = '', limits = {} }) => ({
    field: field.replace(/^body\./, ''),
    type,
    limits,
  }))
}

/** What is wrong with a field, in the reader's language. */
export function faultText({ type, limits }: Fault): string {
  // An empty text breaks "at least one character"; people call that missing.
  const kind = type === 'string_too_short' && limits.min_length === 1 ? 'missing' : type
  return i18next.t(
    i18next.exists(`fault.${kind}`) ? (`fault.${kind}` as 'fault.other') : 'fault.other',
    limits,
  )
}

/**
 * Show the server's complaints next to the fields they are about. Returns what cannot be placed, to be shown above the
 * form; `undefined` when every complaint found its field.
 */
export function showFieldErrors(
  form: FormInstance,
  error: unknown,
  text: (problem: unknown) => string,
): string | undefined {
  const shown = new Set(form.getFieldsError().map(({ name }) => name.join('.')))
  const faults = faultsOf(error)
  const placed = faults.flatMap((fault) => {
    const name = nearest(fault.field, shown)
    return name ? [{ name, errors: [faultText(fault)] }] : []
  })
  form.setFields(placed)
  return faults.length > 0 && placed.length === faults.length ? undefined : text(error)
}

/** The innermost field of the form that a complaint about `path` can stand at; one entry of a list is told at the list. */
function nearest(path: string, shown: ReadonlySet<string>): (string | number)[] | undefined {
  const parts = path.split('.')
  while (parts.length > 0 && !shown.has(parts.join('.'))) parts.pop()
  return parts.length > 0 ? parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part)) : undefined
}

/** For each line of a text field one entry; empty lines are not entries. */
export function toLines(text: string | undefined): string[] {
  return (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

export function fromLines(lines: readonly string[]): string {
  return lines.join('\n')
}
