import type { FormInstance } from 'antd'
import { type ReactNode, Suspense, useMemo, useState } from 'react'
import { part } from './part'
import { keepDraft, keptDraft } from './storage'

const RestoredDraft = part(() => import('./RestoredDraft'))

interface Kept {
  /** Of what was changed: as it was when it was typed. */
  readonly version: number | null
  readonly changed: Readonly<Record<string, unknown>>
}

export interface FormDraft<V> {
  /** What the form begins with: what is saved, and over it what was typed and not saved. */
  readonly initialValues: V
  /** That something was restored, and to give it up; to be shown above the fields. */
  readonly notice: ReactNode
  onValuesChange(): void
  /** It was saved, or given up. */
  drop(): void
}

/**
 * Keeps what is typed into a form until it is saved or given up. Only what was changed is kept, so that what somebody
 * else saves meanwhile stays theirs; `version` tells whether somebody did.
 */
export function useFormDraft<V extends object>(
  form: FormInstance<V>,
  key: string,
  saved: V,
  version: number | null = null,
): FormDraft<V> {
  // What the form was opened with: it does not change under the person who types.
  const [first] = useState(saved)
  const [kept, setKept] = useState(() => read(keptDraft(key)))
  const initialValues = useMemo(() => ({ ...first, ...kept?.changed }) as V, [first, kept])
  const drop = () => keepDraft(key, '')
  return {
    initialValues,
    notice: kept && (
      <Suspense fallback={null}>
        <RestoredDraft
          older={kept.version !== version}
          onDiscard={() => {
            drop()
            setKept(undefined)
            const emptied = Object.fromEntries(
              Object.keys(form.getFieldsValue(true)).map((name) => [name, undefined]),
            )
            form.setFieldsValue({ ...emptied, ...first } as Parameters<typeof form.setFieldsValue>[0])
          }}
        />
      </Suspense>
    ),
    onValuesChange: () => {
      const changed = changes(first, form.getFieldsValue(true) as V)
      keepDraft(key, Object.keys(changed).length > 0 ? JSON.stringify({ version, changed }) : '')
    },
    drop,
  }
}

/** Which fields are others than they were; one that was emptied is null. */
export function changes<V extends object>(was: V, now: V): Record<string, unknown> {
  const before = was as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(now)
      .map(([name, value]) => [name, value ?? null] as const)
      .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name] ?? null)),
  )
}

function read(text: string): Kept | undefined {
  try {
    const kept = JSON.parse(text || 'null') as Partial<Kept> | null
    if (typeof kept?.changed !== 'object' || kept.changed === null) return undefined
    return { version: kept.version ?? null, changed: kept.changed }
  } catch {
    return undefined
  }
}
