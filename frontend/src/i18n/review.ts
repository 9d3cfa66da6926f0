/** What the cards of findings and decisions say beside the shell's words. */
export const reviewZh = {
  reviewNote: {
    rule: '规则 {{rule}}',
    held: '通过之后{{changed}}变了，这段话术没有发布',
    heldPlain: '通过之后再查出了禁止项，这段话术没有发布',
    heldRules: '规则',
    heldProduct: '商品资料',
    heldNew: '新查出的禁止项：',
    heldVersions: '通过时是第 {{before}} 版规则，现在是第 {{now}} 版。',
    heldFirst: '通过时还没有本店规则，现在是第 {{now}} 版。',
    heldWhat:
      '怎么办：点「修改」改掉标出的地方再提交，或驳回并写明原因让它重写；确有依据时，管理员可以说明理由后放行。',
  },
}

export const reviewEn: typeof reviewZh = {
  reviewNote: {
    rule: 'Rule {{rule}}',
    held: 'The {{changed}} changed after the approval: this script was not published',
    heldPlain: 'Something forbidden was found after the approval: this script was not published',
    heldRules: 'rules',
    heldProduct: 'product record',
    heldNew: 'New since then, and forbidden:',
    heldVersions: 'Approved under revision {{before}} of the rules; now it is revision {{now}}.',
    heldFirst: 'Approved before there were rules of your own; now it is revision {{now}}.',
    heldWhat:
      'What to do: edit what is marked and submit it, or reject it with a reason so that it is written anew; an admin with good grounds may let it pass with a reason.',
  },
}
