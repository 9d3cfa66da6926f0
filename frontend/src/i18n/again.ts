import type { English } from './english'

/** What is said of a script that nobody decided in time, and how it is taken up again. */
export const againZh = {
  again: {
    hint: '已过期，没有上屏。还要用的话：',
    submit: '以原稿重提',
    submitEdit: '以我的修改重提',
    regenerate: '重新生成',
    mayNot: '已过期，没有上屏。你的角色不能重新提交。',
    checked: '重提的稿子按现在的规则和商品资料再检查一遍，再由人审核。',
    underWay: '{{name}} 已在处理，写好后会出现新的审批。',
    taken: '{{name}} 已重新提交。',
    toNew: '看新的审批',
    toThread: '看对话',
    of: '接着一份过期的稿子。',
    toOld: '看过期的那份',
  },
  takenBack: {
    strip: '可以撤回的决定',
    undo: '撤回驳回',
    left: '{{count}} 秒内可以撤回，原稿会重新待审。',
    rejected: '已驳回 · {{count}} 秒内可撤回',
    by: '{{name}} 撤回了这次驳回。',
    of: '{{name}} 撤回了驳回，原稿重新待审。',
    toOld: '看驳回的那次',
    tooLate: '来不及撤回了：已经上屏。',
    line: '{{name}} 撤回了对《{{title}}》的驳回，原稿重新待审。',
  },
}

export const againEn: English<typeof againZh> = {
  again: {
    hint: 'Expired, never shown. Still wanted?',
    submit: 'Submit the original again',
    submitEdit: 'Submit my edit',
    regenerate: 'Generate again',
    mayNot: 'Expired, never shown. Your role cannot submit it again.',
    checked: 'It is checked once more, by the rules and product records of now, and goes to a person.',
    underWay: '{{name}} is at it: a new approval will appear.',
    taken: '{{name}} submitted it again.',
    toNew: 'See the new approval',
    toThread: 'See the conversation',
    of: 'In place of one that expired.',
    toOld: 'See the expired one',
  },
  takenBack: {
    strip: 'Decisions that can be taken back',
    undo: 'Take the rejection back',
    left: '{{count}} seconds to take it back; the same text then waits for a decision again.',
    left_one: '{{count}} second to take it back; the same text then waits for a decision again.',
    rejected: 'Rejected · {{count}} s to take it back',
    by: '{{name}} took this rejection back.',
    of: '{{name}} took the rejection back: the same text waits again.',
    toOld: 'See the rejected one',
    tooLate: 'Too late to call back: it is on air.',
    line: '{{name}} took the rejection of “{{title}}” back: the same text waits again.',
  },
}
