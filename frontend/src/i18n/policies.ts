import type { English } from './english'

/** What the form of a team's policies says. */
export const policiesZh = {
  policies: {
    title: '团队策略',
    hint: '改动马上生效并记入审计；已经在等的稿件保留原来的期限。',
    saved: '已保存',
    changed: '{{count}} 项改动未保存',
    bounds: '请填 {{min}}到 {{max}} 之间的数',
    second: '0.02（1 秒）',
    reset: '恢复默认',
    resetNamed: '「{{name}}」恢复默认',
    forgetTitle: '不再保留模型的原文？',
    forgetHint: '已经保留的提问和回答会立即全部删除，不能恢复。',
    models: '模型的用量和预算在另一页设置：',
    toModels: '模型状态',
  },
  policyGroup: { deciding: '审批', times: '时限', writing: '写稿与记忆', texts: '模型原文' },
  policyUnit: {
    minutes: '分钟',
    seconds: '秒',
    scripts: '条',
    characters: '字',
    documents: '篇',
    days: '天',
  },
  policy: {
    four_eyes: { name: '四眼原则', about: '提需求的人不能自己通过或修改通过。' },
    auto_approve: { name: '干净稿件自动通过', about: '没有任何质检发现的稿件不等人，直接通过。' },
    undo_window: {
      name: '上屏前可撤回',
      about: '通过后等这么久才上屏，期间可以撤回；0 为立即上屏，最多 600 秒。',
    },
    interrupt_ttl: { name: '待审时限', about: '到时没人处理就过期。最长 7 天。' },
    show_interrupt_ttl: { name: '整场稿件的待审时限', about: '整场的稿件一起写好、逐条审，时限可以长一些。' },
    extension_step: { name: '每次延长', about: '点一次「延长时间」加多久。' },
    extension_limit: { name: '最长待审', about: '连同所有延长，一条稿件最多等这么久。' },
    escalate_before: { name: '提前提醒', about: '到期前多久算紧急；0 为不提醒。' },
    show_concurrency: { name: '整场并行写稿', about: '一场里同时写几条，1 到 50。' },
    window_characters: {
      name: '带上的对话原文',
      about: '写稿时看得到的最近对话，500 到 20,000 字；更早的变成摘要。',
    },
    summary_characters: { name: '更早对话的摘要', about: '摘要最长多少字；0 为不要摘要，最多 4,000。' },
    memory_documents: { name: '记忆最多几篇', about: '超出时，最旧且没人通过过的先忘掉。10 到 1,000,000。' },
    model_texts: { name: '保留模型原文', about: '把问模型的话和它的回答留下来供查看，个人信息会遮住。' },
    model_text_days: { name: '原文保留', about: '多少天后删除，1 到 3,650。' },
  },
}

export const policiesEn: English<typeof policiesZh> = {
  policies: {
    title: 'Team policies',
    hint: 'A change holds at once and is audited; what waits already keeps its end.',
    saved: 'Saved',
    changed: '{{count}} changes not saved',
    changed_one: '{{count}} change not saved',
    bounds: 'Please give a number from {{min}} to {{max}}',
    second: '0.02 (1 second)',
    reset: 'Default',
    resetNamed: '“{{name}}” back to default',
    forgetTitle: 'Keep no more texts of models?',
    forgetHint: 'All that was kept of requests and answers is removed at once, for good.',
    models: 'Limits and budgets of models are set on another page:',
    toModels: 'Models',
  },
  policyGroup: {
    deciding: 'Review',
    times: 'Times',
    writing: 'Writing and memory',
    texts: 'Texts of models',
  },
  policyUnit: {
    minutes: 'min',
    seconds: 's',
    scripts: 'scripts',
    characters: 'characters',
    documents: 'documents',
    days: 'days',
  },
  policy: {
    four_eyes: { name: 'Four eyes', about: 'Who asked for a script may not approve or edit it.' },
    auto_approve: {
      name: 'Approve clean scripts',
      about: 'A script in which no check found anything waits for nobody.',
    },
    undo_window: {
      name: 'Held before on air',
      about:
        'An approved script waits this long and can be called back; 0 is not at all, 600 seconds at most.',
    },
    interrupt_ttl: { name: 'Time to review a script', about: 'Then it expires. Seven days at most.' },
    show_interrupt_ttl: {
      name: 'Time to review a show’s scripts',
      about: 'They come all at once and are read one by one, so it may be longer.',
    },
    extension_step: { name: 'One extension', about: 'What “more time” adds.' },
    extension_limit: { name: 'Longest wait', about: 'All extensions together.' },
    escalate_before: { name: 'Urgent before its end', about: 'How long before; 0 is never.' },
    show_concurrency: { name: 'Written at once', about: 'Scripts of one show at a time, 1 to 50.' },
    window_characters: {
      name: 'Conversation in view',
      about: 'What a run sees as it was said, 500 to 20,000; what is before is summed up.',
    },
    summary_characters: { name: 'Summary of what is before', about: '0 is none, 4,000 at most.' },
    memory_documents: {
      name: 'Documents remembered',
      about: 'For one more, the oldest that nobody approved goes. 10 to 1,000,000.',
    },
    model_texts: {
      name: 'Keep texts of models',
      about: 'What is asked of them and what they answer, personal data masked, for who may read it.',
    },
    model_text_days: { name: 'Texts are kept', about: 'Then they are removed, 1 to 3,650.' },
  },
}
