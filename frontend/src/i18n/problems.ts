import type { ProblemCode } from '../shared/rest'

/** What people read for each code of the server and for what never reached it. */
export const problems: Record<ProblemCode, { zh: string; en: string }> = {
  unreachable: {
    zh: '连不上服务器，请检查网络。',
    en: 'The server cannot be reached; check the network.',
  },
  disconnected: {
    zh: '连接断开，没有发出；内容已保留。',
    en: 'Not sent, the connection is lost; your text is kept.',
  },
  already_claimed: {
    zh: '有同事正在审这份稿件。',
    en: 'A colleague is reviewing this.',
  },
  already_resolved: {
    zh: '已经有人处理过了。',
    en: 'Somebody decided this already.',
  },
  bad_credentials: {
    zh: '邮箱或密码不对。',
    en: 'The e-mail address or the password is wrong.',
  },
  bad_request: {
    zh: '请求有误，请检查填写的内容。',
    en: 'Something in the request is wrong; check what you entered.',
  },
  checkpoint_damaged: {
    zh: '这一步的内容已损坏，请从上一个完好的版本继续。',
    en: 'This step is damaged; go on from the last good version.',
  },
  conflict: {
    zh: '内容已被别人改动或名称重复。',
    en: 'Somebody changed it, or the name is taken.',
  },
  content_too_long: {
    zh: '内容太长了。',
    en: 'The text is too long.',
  },
  decision_not_allowed: {
    zh: '这份稿件不能这样处理。',
    en: 'This script cannot be decided this way.',
  },
  extension_exhausted: {
    zh: '已经不能再延时了。',
    en: 'This cannot be given more time.',
  },
  forbidden: {
    zh: '你没有权限这样做。',
    en: 'You may not do this.',
  },
  graph_version_mismatch: {
    zh: '流程已升级，旧版本的记录不能继续运行。',
    en: 'The workflow has changed since; this cannot be run on.',
  },
  four_eyes: {
    zh: '这是你自己要的稿件，需要别人来通过。',
    en: 'You asked for this script; somebody else must approve it.',
  },
  idempotency_conflict: {
    zh: '这条请求之前已提交过不同的内容。',
    en: 'This request was sent before with other content.',
  },
  internal_error: {
    zh: '服务器出错了，请稍后再试。',
    en: 'Something went wrong on the server; try again later.',
  },
  interrupt_expired: {
    zh: '审批时间已过，稿件没有上屏。',
    en: 'The time to decide is over; the script did not go on screen.',
  },
  interrupt_pending: {
    zh: '有一份稿件等待审批，请先处理，或撤回它再发送。',
    en: 'A script waits for approval; decide it, or withdraw it to send this.',
  },
  item_not_ready: {
    zh: '这段话术现在不能这样处理。',
    en: 'This script of the show cannot be handled this way now.',
  },
  lease_lost: {
    zh: '任务已由另一个进程接手。',
    en: 'Another process has taken over the run.',
  },
  method_not_allowed: {
    zh: '这个地址不支持这种请求。',
    en: 'This address does not know this method.',
  },
  model_answer_invalid: {
    zh: '模型两次都没有按要求的格式回答，请重试',
    en: 'The model twice did not answer in the shape asked for; try again',
  },
  model_budget_spent: {
    zh: '本月的语言模型费用已用完，请联系管理员调整额度。',
    en: 'The budget of this month for language models is spent; ask an admin to raise it.',
  },
  model_error: {
    zh: '语言模型出错了。',
    en: 'The language model failed.',
  },
  model_missing: {
    zh: '没有配置能回答的模型，请联系管理员',
    en: 'No model is set up for this; tell an administrator',
  },
  model_not_found: {
    zh: '没有这个模型',
    en: 'There is no such model',
  },
  model_payload_invalid: {
    zh: '语言模型返回了无法识别的内容。',
    en: 'The language model answered something unreadable.',
  },
  model_rate_exceeded: {
    zh: '团队的语言模型用量暂时到上限了，请稍后再试。',
    en: 'Your team uses language models as much as it may right now; try again in a moment.',
  },
  model_rate_limited: {
    zh: '语言模型限流，请稍后再试。',
    en: 'The language model limits our rate; try again in a moment.',
  },
  model_refused: {
    zh: '语言模型拒绝了请求。',
    en: 'The language model refused the request.',
  },
  model_stream_cut: {
    zh: '语言模型的输出中途断开。',
    en: 'The language model stopped in the middle.',
  },
  model_timeout: {
    zh: '语言模型响应超时。',
    en: 'The language model did not answer in time.',
  },
  model_unavailable: {
    zh: '语言模型暂时不可用。',
    en: 'The language model cannot be reached.',
  },
  models_invalid: {
    zh: '这些模型设置不能用',
    en: 'These models cannot be used',
  },
  not_claimed: {
    zh: '这份稿件现在不在你手上。',
    en: 'You do not hold this (any more).',
  },
  not_found: {
    zh: '内容不存在或已删除。',
    en: 'It does not exist or was deleted.',
  },
  nothing_to_export: {
    zh: '还没有通过的话术，没有可导出的内容。',
    en: 'No script is approved yet, so there is nothing to export.',
  },
  nothing_to_resume: {
    zh: '没有可以继续的任务。',
    en: 'There is nothing to go on with here.',
  },
  nothing_to_review: {
    zh: '这段没有写出话术，可以重试或打开对话看看。',
    en: 'No script came of it; retry, or look at its thread.',
  },
  origin_refused: {
    zh: '不允许从这个网址访问。',
    en: 'This address may not connect.',
  },
  phrases_off: {
    zh: '口头禅里有这位主播不能说的词。',
    en: 'A catchphrase holds a word this host does not say.',
  },
  prices_off: {
    zh: '价格对不上，请检查。',
    en: 'The prices do not add up.',
  },
  memory_full: {
    zh: '记忆已满，请先删掉一些笔记。',
    en: 'The memory is full; remove some notes first.',
  },
  product_gone: {
    zh: '这个商品已从商品库删除。',
    en: 'This product was removed from the catalogue.',
  },
  protocol_unsupported: {
    zh: '页面版本过旧，请刷新。',
    en: 'This page is outdated; reload it.',
  },
  push_held: {
    zh: '没有上播。',
    en: 'Not on air.',
  },
  rate_limited: {
    zh: '操作太快了，请稍等。',
    en: 'Too fast; wait a moment.',
  },
  recovery_exhausted: {
    zh: '多次恢复都没有成功，任务已放弃。',
    en: 'The run could not be recovered and was given up.',
  },
  rules_refused: {
    zh: '规则没有保存。',
    en: 'Rules not saved.',
  },
  run_failed: {
    zh: '这次没有写出话术。',
    en: 'No script came of it.',
  },
  schema_invalid: {
    zh: '这个 JSON Schema 不能用',
    en: 'This JSON Schema cannot be used',
  },
  server_busy: {
    zh: '服务器繁忙，请稍后再试。',
    en: 'The server is busy; try again in a moment.',
  },
  show_busy: {
    zh: '还有话术在写或待审批，请先等待或取消其余。',
    en: 'Scripts are under way; wait for them or cancel the rest.',
  },
  show_empty: {
    zh: '没有可以生成的话术。',
    en: 'There is nothing here to write.',
  },
  show_too_short: {
    zh: '总时长放不下这些话术。',
    en: 'The show is too short for these scripts.',
  },
  still_running: {
    zh: '还没写完，请稍后到对话里查看。',
    en: 'Still writing; look into the thread later.',
  },
  storage_unavailable: {
    zh: '数据库暂时不可用。',
    en: 'The database cannot be reached.',
  },
  table_faulty: {
    zh: '表格里有错误，什么都没有导入。',
    en: 'Some rows of the table are wrong; nothing was imported.',
  },
  table_too_large: {
    zh: '表格太大了。',
    en: 'The table is too large.',
  },
  table_unreadable: {
    zh: '看不懂这个文件：请用 CSV（UTF-8 或 GBK）或 XLSX。',
    en: 'This file cannot be read; use CSV (UTF-8 or GBK) or XLSX.',
  },
  tenant_choice: {
    zh: '你属于多个团队，请选择一个。',
    en: 'You belong to several teams; choose one.',
  },
  thread_busy: {
    zh: '这个对话正在生成，请等它完成。',
    en: 'This thread is busy; wait for it.',
  },
  ticket_invalid: {
    zh: '连接凭证已失效，请重试。',
    en: 'The ticket for the connection is no longer valid; try again.',
  },
  token_expired: {
    zh: '登录已过期，请重新登录。',
    en: 'Your session has expired; sign in again.',
  },
  unauthenticated: {
    zh: '请先登录。',
    en: 'Sign in first.',
  },
  skill_refused: {
    zh: '这项技能没有对你的角色开放，请联系管理员。',
    en: 'This skill is not open to your role; ask an administrator.',
  },
  unsupported_command: {
    zh: '服务器还不支持这个操作。',
    en: 'The server does not offer this yet.',
  },
  unsupported_media_type: {
    zh: '请求的格式不对，请刷新页面。',
    en: 'The request has the wrong format; reload the page.',
  },
  version_conflict: {
    zh: '别人刚改过，请重新打开后再改。',
    en: 'Somebody just changed this; open it again first.',
  },
}

/**
 * What people read next to a form's field, by the kind of fault that the server names; `{{…}}` is the bound that the
 * field broke. A kind that is not here is told as `other`.
 */
export const faults = {
  missing: { zh: '请填写', en: 'Required' },
  string_too_short: { zh: '至少 {{min_length}} 个字', en: 'At least {{min_length}} characters' },
  string_too_long: { zh: '最多 {{max_length}} 个字', en: 'At most {{max_length}} characters' },
  too_short: { zh: '至少 {{min_length}} 项', en: 'At least {{min_length}} entries' },
  too_long: { zh: '最多 {{max_length}} 项', en: 'At most {{max_length}} entries' },
  greater_than_equal: { zh: '不能小于 {{ge}}', en: 'Not less than {{ge}}' },
  greater_than: { zh: '要大于 {{gt}}', en: 'More than {{gt}}' },
  less_than_equal: { zh: '不能大于 {{le}}', en: 'Not more than {{le}}' },
  less_than: { zh: '要小于 {{lt}}', en: 'Less than {{lt}}' },
  multiple_of: { zh: '要是 {{multiple_of}} 的倍数', en: 'A multiple of {{multiple_of}}' },
  decimal_max_places: { zh: '小数位太多', en: 'Too many decimal places' },
  int_parsing: { zh: '请填整数', en: 'A whole number' },
  int_from_float: { zh: '请填整数', en: 'A whole number' },
  int_type: { zh: '请填整数', en: 'A whole number' },
  float_parsing: { zh: '请填数字', en: 'A number' },
  float_type: { zh: '请填数字', en: 'A number' },
  decimal_parsing: { zh: '请填数字', en: 'A number' },
  finite_number: { zh: '请填数字', en: 'A number' },
  string_type: { zh: '请填文字', en: 'Text' },
  string_pattern_mismatch: { zh: '格式不对', en: 'The format is not right' },
  uuid_parsing: { zh: '选项不存在，请重新选择', en: 'This choice does not exist; choose again' },
  extra_forbidden: { zh: '这一项不能填写', en: 'This cannot be given' },
  literal_error: { zh: '请从选项里选择', en: 'Choose one of the options' },
  value_error: { zh: '内容无效，请检查', en: 'Not valid; check it' },
  other: { zh: '内容有误，请检查', en: 'Something is wrong here; check it' },
} as const satisfies Record<string, { zh: string; en: string }>

type Table = Readonly<Record<string, { zh: string; en: string }>>

/** One language of a table, as the dictionary holds it. */
export function inLanguage<T extends Table>(table: T, language: 'zh' | 'en'): Record<keyof T, string> {
  return Object.fromEntries(Object.entries(table).map(([key, copy]) => [key, copy[language]])) as Record<
    keyof T,
    string
  >
}
