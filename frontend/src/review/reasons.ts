import type { InterruptResponse } from '../generated/protocol'

export type RejectReason = NonNullable<InterruptResponse['reason']>

/**
 * Why a script is rejected, in the order of the keys 1 to 9, with what its writer is asked when nothing else was said:
 * scripts are Chinese, and so is that. For what nobody needs there is nothing to be asked.
 */
const asked: Record<RejectReason, string> = {
  compliance: '有违规或有风险的说法，请去掉或换成合规的说法。',
  facts: '和商品资料对不上，请只说资料里有的。',
  price: '价格或优惠说得不对，请按商品资料里的价格、赠品重写。',
  wrong_product: '说的不是这款商品，请只围绕这款商品写。',
  style: '不像这位主播的口吻，请按主播的风格重写。',
  scenario: '不适合这个环节，请按这个环节的目的重写。',
  length: '时长不合适，请按要求的时长重写。',
  wording: '不够通顺、不够口语，请写得更像说话。',
  not_needed: '',
}

export const reasons = Object.keys(asked) as readonly RejectReason[]

export const isReason = (value: string): value is RejectReason => value in asked

/** What a rejection says to the writer: the words that were typed, else what the reason asks; nothing ends the run. */
export function feedbackFor(reason: RejectReason | undefined, words: string): string | undefined {
  return words.trim() ? words : (reason && asked[reason]) || undefined
}
