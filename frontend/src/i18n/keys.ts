/** What the sheet of the keyboard's shortcuts says. */
export const keysZh = {
  keySheet: {
    everywhere: '全局',
    go: '去「{{page}}」',
    focus: '定位到输入框',
    newline: '换行',
    escape: '停止 · 没有在写时离开输入框',
    editLast: '取回上一条消息',
    nextPrevious: '下一条 · 上一条',
    sounds: '开关提示音',
    pickers: '命令 · 商品和主播 · 需求模板',
    claim: '认领 · 交还',
    undo: '撤回刚才的驳回 · 设了撤销时间的，撤回还没上屏的稿件',
    together: '选中 · 一起通过',
    reason: '选驳回原因，再按 Enter 驳回',
    later: '稍后再看',
    marks: '下一处 · 上一处标记',
    evidence: '收起 · 展开依据',
    fix: '采用一条改法',
    moments: '上一刻 · 下一刻',
    ends: '开头 · 结尾',
    single: '单键快捷键',
    singleHint:
      '关掉后，字母、数字和符号键不再触发操作；Ctrl 组合键、空格、方向键和 Esc 照常。语音输入时建议关掉。',
  },
}

export const keysEn: typeof keysZh = {
  keySheet: {
    everywhere: 'Everywhere',
    go: 'Go to {{page}}',
    focus: 'Focus the input',
    newline: 'New line',
    escape: 'Stop · with nothing being written, leave the field',
    editLast: 'Bring back the last message',
    nextPrevious: 'Next · previous',
    sounds: 'Sounds on or off',
    pickers: 'Commands · products and hosts · requests',
    claim: 'Claim · give back',
    undo: 'Take a rejection back; with an undo window set, call back what is not on screen yet',
    together: 'Select · approve together',
    reason: 'Choose why it is rejected, then Enter',
    later: 'Look at it later',
    marks: 'Next · previous mark',
    evidence: 'Fold · show the evidence',
    fix: 'Take one suggestion',
    moments: 'Previous · next moment',
    ends: 'Beginning · end',
    single: 'Single-key shortcuts',
    singleHint:
      'When off, letters, digits and symbols do nothing by themselves; Ctrl combinations, Space, arrows and Esc stay. Switch them off for speech input.',
  },
}
