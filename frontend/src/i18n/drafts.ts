/** What forms say of what was typed there before. */
export const draftsZh = {
  drafts: {
    restored: '已恢复上次没保存的内容',
    older: '已恢复上次没保存的内容；此后有人改过，请核对',
    discard: '放弃',
  },
}

export const draftsEn: typeof draftsZh = {
  drafts: {
    restored: 'Restored what was not saved',
    older: 'Restored what was not saved; somebody has changed this since, please check',
    discard: 'Discard',
  },
}
