import type { English } from './english'

/** For how long things are kept, on the page of settings. */
export const keepingZh = {
  keeping: {
    title: '保留期限',
    hint: '只影响留底和参考，不影响已发布的话术和审计。',
    checkpoint_days: '运行的中间版本',
    checkpoint_days_hint:
      '从运行结束算起；用于回放和分叉。已发布、被审批过的和每个对话的最后一版总会留下。留空按服务器的设置。',
    script: '记忆：话术',
    script_hint: '超过的不再被参考，随后删除。留空表示永久。',
    note: '记忆：笔记',
    note_hint: '自己写下的经验。留空表示永久。',
    rejection: '记忆：驳回原因',
    rejection_hint: '写稿时提醒过的驳回原因。留空表示永久。',
    days: '天',
    forEver: '永久',
    servers: '服务器的设置',
    bounds: '请填 {{min}} 到 {{max}} 之间的整数，或者留空',
    saved: '保留期限已保存',
    shorterTitle: '缩短保留期限？',
    shorterHint: '缩短的是「{{names}}」。超出新期限的会被删除，不能恢复。',
    shorten: '缩短并删除',
  },
}

export const keepingEn: English<typeof keepingZh> = {
  keeping: {
    title: 'How long things are kept',
    hint: 'Of what is kept on the side and leaned on; published scripts and the audit log stay.',
    checkpoint_days: 'Versions within runs',
    checkpoint_days_hint:
      'From the end of a run on; replays and forks need them. What was published or decided on, and the last of each conversation, always stay. Empty: as the server is set up.',
    script: 'Memories: scripts',
    script_hint: 'Older ones are not leaned on any more, and removed soon. Empty: for ever.',
    note: 'Memories: notes',
    note_hint: 'What people wrote down. Empty: for ever.',
    rejection: 'Memories: rejections',
    rejection_hint: 'Reasons of rejections that scripts are written with. Empty: for ever.',
    days: 'days',
    forEver: 'For ever',
    servers: 'The server’s',
    bounds: 'A whole number from {{min}} to {{max}}, or nothing',
    saved: 'Saved',
    shorterTitle: 'Keep things for a shorter time?',
    shorterHint: 'This shortens “{{names}}”. What is older is removed for good.',
    shorten: 'Shorten and remove',
  },
}
