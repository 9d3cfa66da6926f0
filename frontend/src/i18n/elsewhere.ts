/** What is said where there is no page, and of a fault of the line that answers nothing anybody asked. */
export const elsewhereZh = {
  elsewhere: {
    title: '没有这个页面',
    hint: '地址 {{address}} 不对，或者页面已经不在了。',
    back: '回到对话',
    line: '连接出了问题：{{problem}}',
  },
}

export const elsewhereEn: typeof elsewhereZh = {
  elsewhere: {
    title: 'There is no such page',
    hint: 'The address {{address}} is wrong, or the page is gone.',
    back: 'Back to the conversations',
    line: 'Trouble on the line: {{problem}}',
  },
}
