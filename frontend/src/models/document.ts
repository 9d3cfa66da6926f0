/** JSON as people type it: its value, and the line on which each part of it stands. */

/** What is wrong with a text, and on which line (from 1). */
export interface Fault {
  readonly line: number
  readonly kind: 'syntax' | 'twice' | 'unfinished' | 'object' | 'told'
  readonly text: string
}

export interface Document {
  readonly value: unknown
  /** By the keys that lead to a part, joined by dots. */
  readonly lines: ReadonlyMap<string, number>
  readonly faults: readonly Fault[]
}

const token = /\s*(?:([{}[\],:])|("(?:[^"\\\n]|\\.)*")|([^\s{}[\],:"]+))/y

class Broken extends Error {
  constructor(
    readonly at: number,
    readonly kind: Fault['kind'],
    readonly what: string,
  ) {
    super(what)
  }
}

/** Read a text. `value` is undefined when it is no JSON; then the one fault says where it stops being any. */
export function readDocument(text: string): Document {
  const lines = new Map<string, number>()
  const faults: Fault[] = []
  const lineAt = (at: number) => text.slice(0, at).split('\n').length
  let from = 0
  let start = 0

  const next = (): string => {
    token.lastIndex = from
    const found = token.exec(text)
    if (!found) {
      const rest = text.slice(from).search(/\S/)
      throw rest < 0
        ? new Broken(text.trimEnd().length, 'unfinished', '')
        : new Broken(from + rest, 'syntax', text.slice(from + rest).split('\n', 1)[0] ?? '')
    }
    from = token.lastIndex
    const told = found[1] ?? found[2] ?? found[3] ?? ''
    start = from - told.length
    return told
  }
  const plain = (told: string): unknown => {
    try {
      return JSON.parse(told)
    } catch {
      throw new Broken(start, 'syntax', told)
    }
  }
  const entry = (path: string, key: string | number) => (path ? `${path}.${key}` : String(key))

  const value = (path: string, told: string): unknown => {
    if (!lines.has(path)) lines.set(path, lineAt(start))
    if (told === '{') return object(path)
    if (told === '[') return list(path)
    return plain(told)
  }
  const object = (path: string) => {
    const parts: [string, unknown][] = []
    const known = new Set<string>()
    let told = next()
    while (told !== '}') {
      const key = told.startsWith('"') ? (plain(told) as string) : undefined
      if (key === undefined) throw new Broken(start, 'syntax', told)
      if (known.has(key)) faults.push({ line: lineAt(start), kind: 'twice', text: key })
      known.add(key)
      lines.set(entry(path, key), lineAt(start))
      expect(':')
      parts.push([key, value(entry(path, key), next())])
      told = next()
      if (told === ',') {
        told = next()
        if (told === '}') throw new Broken(start, 'syntax', ',}')
      } else if (told !== '}') throw new Broken(start, 'syntax', told)
    }
    return Object.fromEntries(parts)
  }
  const list = (path: string) => {
    const parts: unknown[] = []
    let told = next()
    while (told !== ']') {
      parts.push(value(entry(path, parts.length), told))
      told = next()
      if (told === ',') {
        told = next()
        if (told === ']') throw new Broken(start, 'syntax', ',]')
      } else if (told !== ']') throw new Broken(start, 'syntax', told)
    }
    return parts
  }
  const expect = (wanted: string) => {
    const told = next()
    if (told !== wanted) throw new Broken(start, 'syntax', told)
  }

  try {
    const read = value('', next())
    const rest = text.slice(from).search(/\S/)
    if (rest >= 0) throw new Broken(from + rest, 'syntax', text.slice(from + rest).split('\n', 1)[0] ?? '')
    if (typeof read !== 'object' || read === null || Array.isArray(read))
      faults.push({ line: 1, kind: 'object', text: '' })
    return { value: read, lines, faults }
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    const fault = { line: lineAt(error.at), kind: error.kind, text: error.what }
    return { value: undefined, lines, faults: [...faults, fault] }
  }
}

/** The line of `path`, or of the nearest part around it. */
export function lineOf(lines: ReadonlyMap<string, number>, path: string): number {
  const parts = path.split('.')
  while (parts.length > 0) {
    const line = lines.get(parts.join('.'))
    if (line !== undefined) return line
    parts.pop()
  }
  return 1
}

/** A saved document as a text to edit: without what nobody wrote, which the server tells as null or empty. */
export function asText(document: unknown): string {
  return JSON.stringify(isObject(document) ? without(document) : document, null, 2)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function without(value: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(value).flatMap(([key, part]): [string, unknown][] => {
    if (part === null) return []
    if (!isObject(part)) return [[key, part]]
    // What goes into requests as it is stays as it is.
    const inner = key === 'extra' ? part : without(part)
    return Object.keys(inner).length > 0 ? [[key, inner]] : []
  })
  return Object.fromEntries(kept)
}
