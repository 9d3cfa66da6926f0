import type { English } from './english'

/** What of a conversation is kept in mind. */
export const inMindZh = {
  inMind: {
    title: '记着的要求',
    nothing: '还没有。说“以后每篇都……”的要求会马上记在这里；对话很长时，前面内容的摘要也在这里。',
    must_say: '每篇都要说',
    must_not_say: '都不要说',
    style: '语气',
    avoid_style: '不要的语气',
    audience: '说给谁听',
    seconds: '每篇时长',
    so: '{{count}} 秒',
    of: '前 {{count}} 条消息的摘要',
    forget: '忘掉',
    forgotten: '已忘掉，之后的稿子不再照着写',
    forgetTitle: '忘掉记着的要求？',
    forgetHint: '之后写稿不再照着这些要求和摘要；说过的话还在，能翻看。',
  },
}

export const inMindEn: English<typeof inMindZh> = {
  inMind: {
    title: 'Kept in mind',
    nothing:
      'Nothing yet. What you want of every text from now on stands here as soon as it is said; when a conversation gets long, a summary of what was said does too.',
    must_say: 'To be said each time',
    must_not_say: 'Never to be said',
    style: 'Tone',
    avoid_style: 'Not in this tone',
    audience: 'Said to',
    seconds: 'Length of each',
    so: '{{count}} s',
    of: 'Summary of the first {{count}} messages',
    of_one: 'Summary of the first message',
    forget: 'Forget it',
    forgotten: 'Forgotten: texts from now on are written without it',
    forgetTitle: 'Forget what is kept in mind?',
    forgetHint: 'Texts from now on are written without it; what was said stays to be read.',
  },
}
