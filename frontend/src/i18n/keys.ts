/** What the sheet of the keyboard's shortcuts says. */
export const keysZh = {
  keySheet: {
    everywhere: '全局',
    go: '去对话、审批、整场、话术库、商品、主播、记忆、规则、设置',
    focus: '定位到输入框',
    newline: '换行',
    editLast: '取回上一条消息',
    nextPrevious: '下一条 · 上一条',
  },
}

export const keysEn: typeof keysZh = {
  keySheet: {
    everywhere: 'Everywhere',
    go: 'Go to desk, approvals, shows, scripts, products, hosts, memory, rules, settings',
    focus: 'Focus the input',
    newline: 'New line',
    editLast: 'Bring back the last message',
    nextPrevious: 'Next · previous',
  },
}
