import { listed } from '../shared/listed'
import type { State } from './api'

export interface Change {
  readonly path: readonly string[]
  /** `undefined`: not there. */
  readonly before: unknown
  readonly after: unknown
}

/** What differs of one value of the state: the smallest parts that do. */
export interface KeyChange {
  readonly key: string
  readonly kind: 'added' | 'changed' | 'removed'
  readonly changes: readonly Change[]
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isPlain = (value: unknown) => typeof value !== 'object' || value === null

/** Nothing to tell: a value that is not there, or says nothing. */
const isEmpty = (value: unknown) =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0)

function parts(before: unknown, after: unknown, path: readonly string[]): Change[] {
  const [was, now] = [isEmpty(before) ? undefined : before, isEmpty(after) ? undefined : after]
  if (was === undefined && now === undefined) return []
  if (isPlain(was) && isPlain(now)) return was === now ? [] : [{ path, before: was, after: now }]
  const [wasList, nowList] = [Array.isArray(was), Array.isArray(now)]
  if ((wasList || was === undefined) && (nowList || now === undefined)) {
    const [old, young] = [(was ?? []) as unknown[], (now ?? []) as unknown[]]
    if ([...old, ...young].every(isPlain))
      // A list of words is read as one line.
      return JSON.stringify(old) === JSON.stringify(young) ? [] : [{ path, before: was, after: now }]
    const length = Math.max(old.length, young.length)
    return Array.from({ length }, (_, at) => parts(old[at], young[at], [...path, String(at + 1)])).flat()
  }
  if ((isObject(was) || was === undefined) && (isObject(now) || now === undefined)) {
    const [old, young] = [was ?? {}, now ?? {}]
    return [...new Set([...Object.keys(old), ...Object.keys(young)])].flatMap((name) =>
      parts(old[name], young[name], [...path, name]),
    )
  }
  return [{ path, before: was, after: now }]
}

/** What a step changed in the state of its run; without a state before, all that there is. */
export function stateChanges(before: State | undefined, after: State): KeyChange[] {
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after)])]
  return keys.flatMap((key): KeyChange[] => {
    const [was, now] = [before?.[key], after[key]]
    const changes = parts(was, now, [])
    if (changes.length === 0) return []
    return [{ key, kind: isEmpty(was) ? 'added' : isEmpty(now) ? 'removed' : 'changed', changes }]
  })
}

/** The values that hold something and did not change. */
export function unchangedKeys(after: State, changes: readonly KeyChange[]): string[] {
  const changed = new Set(changes.map(({ key }) => key))
  return Object.keys(after).filter((key) => !changed.has(key) && !isEmpty(after[key]))
}

/** A value in words: a list of words in one line, everything else as JSON. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every(isPlain)) return listed(value.map(shown))
  return JSON.stringify(value, null, 1) ?? ''
}
