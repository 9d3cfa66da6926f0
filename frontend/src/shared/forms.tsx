import type { FormInstance } from 'antd'
import { RestProblem } from './rest'

/**
 * Show the server's complaints next to the fields they are about. Returns what cannot be placed, to be shown above the
 * form; `undefined` when every complaint found its field.
 */
export function showFieldErrors(
  form: FormInstance,
  error: unknown,
  text: (problem: { code: string; message?: string }) => string,
): string | undefined {
  if (!(error instanceof RestProblem)) return text({ code: 'internal_error' })
  const faults = Array.isArray(error.details.errors)
    ? (error.details.errors as { field: string; message: string }[])
    : []
  const fields = Object.keys(form.getFieldsValue(true) as object)
  const placed = faults.flatMap(({ field, message }) => {
    const name = field.replace(/^body\./, '').split('.')[0] ?? ''
    return fields.includes(name) ? [{ name, errors: [message] }] : []
  })
  form.setFields(placed)
  if (faults.length > 0 && placed.length === faults.length) return undefined
  return text(error)
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
