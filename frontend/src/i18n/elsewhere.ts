/** What is said where there is no page, and of a fault of the line that answers nothing anybody asked. */
export const elsewhereZh = {
  elsewhere: {
    title: '没有这个页面',
    hint: '地址 {{address}} 不对，或者页面已经不在了。',
    back: '回到对话',
    ended: '登录已失效，刚才的操作没有成功。写的内容都还在，重新登录后再做一次。',
    signIn: '重新登录',
    line: '连接出了问题：{{problem}}',
    unread: '页面刚才发出的内容，服务器没能看懂，那一步没有做。请刷新页面再试，没发出的文字会保留。',
  },
}

export const elsewhereEn: typeof elsewhereZh = {
  elsewhere: {
    title: 'There is no such page',
    hint: 'The address {{address}} is wrong, or the page is gone.',
    back: 'Back to the conversations',
    ended:
      'You are no longer signed in, and what you just did was not done. What you typed is still here: sign in and do it again.',
    signIn: 'Sign in again',
    line: 'Trouble on the line: {{problem}}',
    unread:
      'The server could not read what this page just sent; that step was not done. Load the page again and try once more: what you typed is kept.',
  },
}
