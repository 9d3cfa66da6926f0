/** Why scripts are rejected, and how one says so. */
export const reasonsZh = {
  rejectReason: {
    compliance: '违规或有风险',
    facts: '与商品资料不符',
    price: '价格或优惠有误',
    wrong_product: '商品不对',
    style: '不像主播的口吻',
    scenario: '环节不对',
    length: '太长或太短',
    wording: '不通顺、不口语',
    not_needed: '不需要了',
  },
  rejecting: {
    why: '驳回原因（按 1–9 选）',
    words: '补充意见',
    wordsHint: '选填；不写就按所选的原因重写',
    end: '驳回并结束',
    hint: '按 Enter 驳回；写意见时按 Ctrl Enter',
  },
}

export const reasonsEn: typeof reasonsZh = {
  rejectReason: {
    compliance: 'Forbidden or risky',
    facts: 'Not what the record says',
    price: 'Price or offer wrong',
    wrong_product: 'Wrong product',
    style: 'Not this host’s voice',
    scenario: 'Not for this segment',
    length: 'Too long or too short',
    wording: 'Does not read well',
    not_needed: 'Not needed any more',
  },
  rejecting: {
    why: 'Why (keys 1–9)',
    words: 'Anything else for the writer',
    wordsHint: 'May stay empty: it is rewritten by the reason',
    end: 'Reject and end',
    hint: 'Enter rejects · Ctrl Enter while writing',
  },
}
