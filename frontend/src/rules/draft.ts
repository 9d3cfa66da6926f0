import type { Adjustment, Overlay, OwnRule, Phrase } from './api'

export const parts = ['rules', 'adjustments', 'allow', 'brands'] as const
export type Part = (typeof parts)[number]
type Line = OwnRule | Adjustment | Phrase

/** What a line of an overlay is known by. */
export function nameOf(part: Part, line: Line): string {
  if (part === 'rules') return (line as OwnRule).id
  return part === 'adjustments' ? (line as Adjustment).rule : (line as Phrase).text
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

export function isChanged(base: Overlay, draft: Overlay): boolean {
  return !same(base, draft)
}

/** Rules that are new here under ids that are new there too are other rules: they get other ids. */
function apart(base: Overlay, mine: Overlay, theirs: Overlay): Overlay {
  const were = new Set(base.rules.map(({ id }) => id))
  const taken = new Set(theirs.rules.map(({ id }) => id).filter((id) => !were.has(id)))
  const all = [...theirs.rules, ...mine.rules]
  return {
    ...mine,
    rules: mine.rules.map((rule) => {
      if (
        !taken.has(rule.id) ||
        same(
          rule,
          theirs.rules.find(({ id }) => id === rule.id),
        )
      )
        return rule
      const other = { ...rule, id: freshId(all) }
      all.push(other)
      return other
    }),
  }
}

/**
 * What somebody else saved, with what was changed here laid over it, line by line. A line that both changed is ours: it is
 * seen once more before it is saved.
 */
export function merged(base: Overlay, mine: Overlay, theirs: Overlay): Overlay {
  const result = {} as Record<Part, Line[]>
  const ownNames = apart(base, mine, theirs)
  for (const part of parts) {
    const [was, ours, now] = [base, ownNames, theirs].map(
      (overlay) => new Map((overlay[part] as Line[]).map((line) => [nameOf(part, line), line])),
    ) as [Map<string, Line>, Map<string, Line>, Map<string, Line>]
    const lines = [...now].flatMap(([name, line]) => {
      if (!ours.has(name)) return was.has(name) ? [] : [line]
      return [same(ours.get(name), was.get(name)) ? line : (ours.get(name) as Line)]
    })
    // Ours that they do not have: new here, or changed here and removed there.
    for (const [name, line] of ours) {
      if (!now.has(name) && !same(line, was.get(name))) lines.push(line)
    }
    result[part] = lines
  }
  return result as unknown as Overlay
}

/** The rules with those of a table put in: one of the same id is replaced where it stands. */
export function imported(rules: readonly OwnRule[], fresh: readonly OwnRule[]): OwnRule[] {
  const byId = new Map(fresh.map((rule) => [rule.id, rule]))
  const known = new Set(rules.map((rule) => rule.id))
  return [...rules.map((rule) => byId.get(rule.id) ?? rule), ...fresh.filter((rule) => !known.has(rule.id))]
}

/** An id that no rule has yet. */
export function freshId(rules: readonly OwnRule[]): string {
  const taken = new Set(rules.map(({ id }) => id.toUpperCase()))
  let number = rules.length + 1
  while (taken.has(`H-${number}`)) number += 1
  return `H-${number}`
}
