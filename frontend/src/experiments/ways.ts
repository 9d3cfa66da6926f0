import { RestProblem, type Shapes } from '../shared/rest'

type Changes = Shapes['Changes']
type Style = NonNullable<Changes['style']>[number]
type Block = NonNullable<Shapes['Blocks']['more']>[number]

/** What the server calls our styles, by the keys of their names. */
export const styles = {
  lively: '活泼',
  funny: '幽默',
  expert: '专业',
  gentle: '温柔',
  terse: '简洁',
  urgent: '紧迫',
} as const satisfies Record<string, Style>

/** Parts of a script that the offline writer can say early, or leave out. */
export const blocks = [
  'greet',
  'pain',
  'lead',
  'proof',
  'brand',
  'use',
  'fit',
  'choose',
  'trust',
  'recap',
  'ask',
] as const satisfies readonly Block[]

/** The sections of the script's prompt that may be replaced (backend/graph/prompts/script.md, but for its role). */
export const sections = [
  'style',
  'scene',
  'product',
  'history',
  'memory',
  'requirements',
  'opening',
  'selling_points',
  'promotion',
  'seeding',
  'transition',
  'closing',
] as const

/** One way of writing as it is typed in. */
export interface Way {
  key?: string
  weight?: number
  style?: Style[]
  more?: Block[]
  less?: Block[]
  seed?: number | null
  section?: string
  text?: string
}

export function toVariant({ key = '', weight = 0, style, more, less, seed, section, text }: Way) {
  const changes: Changes = {
    sections: section && text?.trim() ? { [section]: text } : {},
    style: style ?? [],
    blocks: { more: more ?? [], less: less ?? [] },
    seed: seed ?? 0,
  }
  return { key, weight, changes }
}

export type Difference = 'style' | 'more' | 'less' | 'seed' | 'sections'

/** What a way does otherwise than usual, as it is kept: what, and which. */
export function differences(changes: Record<string, unknown> = {}): [Difference, string[]][] {
  const { style, blocks: parts, seed, sections: replaced } = changes as Changes
  const all: [Difference, string[]][] = [
    ['style', style ?? []],
    ['more', parts?.more ?? []],
    ['less', parts?.less ?? []],
    ['seed', seed ? [String(seed)] : []],
    ['sections', Object.keys(replaced ?? {})],
  ]
  return all.filter(([, which]) => which.length > 0)
}

/** The key of the word for a style or a block; what else a way changes is called by its own name. */
export function wordOf(one: string) {
  for (const [name, style] of Object.entries(styles)) {
    if (style === one) return `experimentStyle.${name as keyof typeof styles}` as const
  }
  return blocks.some((block) => block === one) ? (`experimentBlock.${one as Block}` as const) : undefined
}

export const sumOf = (weights: readonly (number | null | undefined)[]) =>
  weights.reduce<number>((sum, one) => sum + (one ?? 0), 0)

const reasons = {
  another_runs: 'experiment.anotherRuns',
  one_variant: 'experiment.oneVariant',
  status: 'experiment.wrongStatus',
} as const

/** The sentence for why an experiment could not be changed so, where there is one of its own. */
export function refusalOf(
  problem: unknown,
): (typeof reasons)[keyof typeof reasons] | 'experiment.badSection' | undefined {
  if (!(problem instanceof RestProblem)) return undefined
  const { reason, errors } = problem.details as {
    reason?: keyof typeof reasons
    errors?: { field?: string }[]
  }
  if (Array.isArray(errors) && errors.some(({ field }) => field?.endsWith('.changes')))
    return 'experiment.badSection'
  return problem.code === 'conflict' && reason ? reasons[reason] : undefined
}
