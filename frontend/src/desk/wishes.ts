/** What somebody can want of every text, in the order in which it is told. */
const wishNames = ['must_say', 'must_not_say', 'style', 'avoid_style', 'audience', 'seconds'] as const
type WishName = (typeof wishNames)[number]

/** The wishes that hold, each with its words; what the server keeps beside them says nothing to people. */
export const wishesOf = (wishes: Record<string, unknown>): [WishName, string[]][] =>
  wishNames.flatMap((name) => {
    const value = wishes[name]
    const words = (Array.isArray(value) ? value : [value]).filter(
      (one) => typeof one === 'string' || typeof one === 'number',
    )
    return words.length > 0 ? [[name, words.map(String)] as [WishName, string[]]] : []
  })
