import type { Shapes } from '../shared/rest'

type Call = Shapes['ModelCall']

/** What a run's calls of language models come to. */
export interface Spending {
  /** Who answered, each once, in the order of the calls. */
  readonly models: readonly string[]
  /** Who should have answered and did not. */
  readonly insteadOf: readonly string[]
  readonly input: number
  readonly output: number
  /** Whether some of the tokens are our own count. */
  readonly estimated: boolean
  /** Money by currency; nothing that was free. */
  readonly cost: readonly (readonly [currency: string, sum: number])[]
}

export function spendingOf(calls: readonly Call[]): Spending {
  const answered = calls.filter(({ status }) => status === 'completed' || status === 'shared')
  const cost = new Map<string, number>()
  // What failed may have cost something too.
  for (const call of calls) {
    const sum = Number(call.cost)
    if (sum > 0) cost.set(call.currency, (cost.get(call.currency) ?? 0) + sum)
  }
  const sum = (of: (call: Call) => number) => calls.reduce((total, call) => total + of(call), 0)
  return {
    models: [...new Set(answered.map(({ model }) => model))],
    insteadOf: [...new Set(answered.flatMap(({ fallback_from }) => fallback_from ?? []))],
    input: sum(({ input_tokens }) => input_tokens),
    output: sum(({ output_tokens }) => output_tokens),
    estimated: calls.some(({ estimated }) => estimated),
    cost: [...cost],
  }
}
