import type { Shapes } from '../shared/rest'
import type { Interrupt, State } from './api'

type ScriptVersion = Shapes['ScriptVersion']

/** A text on the way to the one that waits, the first one with the number 1. */
export interface Version {
  readonly number: number
  readonly text: string
  readonly at: string
  readonly made: 'published' | 'draft' | 'edit'
  /** Of a published one its number in the library, of an edit who wrote it. */
  readonly label: string
  /** What became of it, when people were asked about it. */
  readonly status: Interrupt['status'] | undefined
  readonly feedback: string | undefined
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)

/**
 * The texts that led to the one that is asked about in `id`: published versions of the same script, then what the run
 * put to people and what these made of it. What says the same as the one before is the same one.
 */
export function versionsOf(
  id: string,
  interrupts: readonly Interrupt[],
  published: readonly ScriptVersion[],
): Version[] {
  const asked = interrupts.find((one) => one.id === id)
  if (!asked) return []
  const before = published
    .filter(({ run_id, created_at }) => run_id !== asked.run_id && created_at < asked.created_at)
    .map((one) => ({
      text: one.content,
      at: one.created_at,
      made: 'published' as const,
      label: String(one.version),
      status: undefined,
      feedback: undefined,
    }))
  const drafts = interrupts
    .filter(
      ({ run_id, on_air_at, kind, created_at }) =>
        run_id === asked.run_id &&
        on_air_at === null &&
        kind === 'script_approval' &&
        created_at <= asked.created_at,
    )
    .flatMap(({ params, created_at, status, decision, decided_by, decided_at }) => {
      const text = textOf(params.content) ?? ''
      const edit = status === 'edited' ? textOf(decision?.content) : undefined
      const feedback = textOf(decision?.feedback)
      const draft = { text, at: created_at, made: 'draft' as const, label: '', status, feedback }
      if (!edit || edit === text) return [draft]
      const at = decided_at ?? created_at
      const by = decided_by?.name ?? ''
      return [
        draft,
        { text: edit, at, made: 'edit' as const, label: by, status: undefined, feedback: undefined },
      ]
    })
  return [...before, ...drafts]
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .filter((one, place, all) => one.text !== all[place - 1]?.text)
    .map((one, place) => ({ ...one, number: place + 1 }))
}

/**
 * The script in the library whose next version the text becomes once it is approved: one that was asked to be changed or
 * written anew, and is of the same product (as `finalize` on the server has it).
 */
export function continuedScript(state: State | null | undefined): string | undefined {
  if (state?.kind !== 'restyle' && state?.kind !== 'regenerate') return undefined
  const { previous, product } = state as Readonly<Record<string, Record<string, unknown> | null | undefined>>
  return previous?.product_name === product?.name ? textOf(previous?.script_id) : undefined
}
