import { told } from '../shared/rest'

const zh = {
  remote: '提词器遥控',
  pickRoom: '选择直播间',
  noRooms: '还没有直播间，请先在控制台建立。',
  loading: '载入中…',
  missing: '找不到这个直播间，或没有查看它的权限。',
  unreachable: '连不上服务器，恢复后会自动打开。',
  otherRoom: '换一个直播间',
  connected: '已连接',
  connecting: '连接中',
  offline: '连接断开，恢复之前不能控制',
  signInAgain: '登录已失效，点此重新登录',
  pairAgain: '配对已结束，点此重新配对',
  stopped: '已断开',
  mayNot: '你的角色只能看，不能控制。',
  notReady: '服务器还没有升级，只能看。',
  play: '播放',
  pause: '暂停',
  previous: '上一段',
  next: '下一段',
  slower: '慢一点',
  faster: '快一点',
  pace: '语速',
  perMinute: '字/分',
  left: '剩 {}',
  ended: '已读完',
  starting: '秒后开始',
  nothing: '提词器上还没有稿件',
  text: '提词器上的稿件',
  back: '回到正在读的地方',
  room: '直播间',
  screen: '屏幕',
  screens: '块屏幕在线',
  oneScreen: '块屏幕在线',
  noScreens: '没有屏幕在线',
  sections: '段落',
  section: '从这一段开始',
  blank: '黑屏',
  unblank: '恢复画面',
  dark: '黑屏中',
  note: '导播',
  noteAway: '收起',
  waits: '下一段候场',
  cut: '插播',
  take: '立即替换',
  upcoming: '下一条',
  colon: '：',
  leave: '离开',
  leaveAsk: '要离开遥控吗？',
  leaveHint: '提词器会按现在的样子继续。',
  stay: '留下',
  close: '关闭',
  refused: '没有做到：',
  language: 'English',
}

type Words = Record<keyof typeof zh, string>

const en: Words = {
  remote: 'Teleprompter remote',
  pickRoom: 'Choose a room',
  noRooms: 'There is no room yet; make one in the console first.',
  loading: 'Loading…',
  missing: 'There is no such room, or you may not see it.',
  unreachable: 'The server cannot be reached; this opens by itself when it is back.',
  otherRoom: 'Another room',
  connected: 'Connected',
  connecting: 'Connecting',
  offline: 'Disconnected: no control until it is back',
  signInAgain: 'Signed out: tap to sign in again',
  pairAgain: 'The pairing ended: tap to pair again',
  stopped: 'Disconnected',
  mayNot: 'Your role may look, but not control.',
  notReady: 'The server is of an older release: look only.',
  play: 'Play',
  pause: 'Pause',
  previous: 'Previous section',
  next: 'Next section',
  slower: 'Slower',
  faster: 'Faster',
  pace: 'Pace',
  perMinute: 'chars/min',
  left: '{} left',
  ended: 'Finished',
  starting: 's to the start',
  nothing: 'Nothing is on the teleprompter yet',
  text: 'The script on the teleprompter',
  back: 'Back to where it is read',
  room: 'Room',
  screen: 'Screen',
  screens: 'screens online',
  oneScreen: 'screen online',
  noScreens: 'No screen is online',
  sections: 'Sections',
  section: 'Read from this section',
  blank: 'Blank',
  unblank: 'Show again',
  dark: 'Screen dark',
  note: 'Director',
  noteAway: 'Take away',
  waits: 'Next, waiting',
  cut: 'Cut in',
  take: 'Replace now',
  upcoming: 'Next',
  colon: ': ',
  leave: 'Leave',
  leaveAsk: 'Leave the remote?',
  leaveHint: 'The teleprompter goes on as it is.',
  stay: 'Stay',
  close: 'Close',
  refused: 'Not done: ',
  language: '中文',
}

export type Language = 'zh' | 'en'
const KEY = 'cuedesk:language'

export const words = (language: Language): Words => (language === 'en' ? en : zh)

/** The language of the console on this device, which is Chinese until somebody chooses. */
export function firstLanguage(): Language {
  try {
    return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh'
  } catch {
    // A browser may refuse storage.
    return 'zh'
  }
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(KEY, language === 'en' ? 'en' : 'zh-CN')
  } catch {
    // See above: only the next visit asks again.
  }
}

const refusals: Record<string, [string, string]> = {
  version_conflict: ['稿件刚刚换过，请看清再按一次', 'the script was just changed: look, then press again'],
  nothing_on_stage: ['提词器上没有稿件', 'nothing is on the teleprompter'],
  nothing_waits: ['没有候场的稿件', 'nothing waits'],
  forbidden: ['你的角色不能控制', 'your role may not control'],
  not_found: ['直播间不在了', 'the room is gone'],
  rate_limited: ['太快了，稍等再按', 'too fast: wait a moment'],
  disconnected: ['连接断开了', 'the connection is lost'],
}

/** Why something was refused; in the server's own words where we know no better. */
export function sentenceFor(language: Language, problem: unknown): string {
  const { code, message } = told(problem)
  return refusals[code]?.[language === 'en' ? 1 : 0] ?? (message || code)
}
