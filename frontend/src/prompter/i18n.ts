const zh = {
  prompter: '提词器',
  pickRoom: '选择直播间',
  noRooms: '还没有直播间，请先在控制台建立。',
  loading: '载入中…',
  waiting: '等待稿件',
  missing: '找不到这个直播间，或没有查看它的权限。',
  unreachable: '连不上服务器，本机没有稿件；恢复后会自动打开。',
  otherRoom: '换一个直播间',
  connected: '已连接',
  connecting: '连接中',
  offline: '离线',
  offlineHint: '使用已收稿件',
  signInAgain: '登录已失效，点此重新登录',
  pairAgain: '配对已结束，点此重新配对',
  tooMany: '此账号打开的屏幕太多，已停止接收新稿',
  stopped: '已停止接收新稿',
  play: '开始',
  pause: '暂停',
  slower: '慢一点',
  faster: '快一点',
  perMinute: '字/分',
  next: '下一段',
  colon: '：',
  takeNext: '接上',
  cleared: '清空屏幕',
  menu: '设置',
  progress: '进度',
  script: '稿件',
  blank: '黑屏',
  seen: '知道了',
  comingUp: '秒后换稿',
  apart: '直播间在别处，此屏保持原位',
  rejoin: '跟上直播间',
  tellRoom: '让直播间跟我',
  countdown: '开始前倒数',
}

type Words = Record<keyof typeof zh, string>

const en: Words = {
  prompter: 'Teleprompter',
  pickRoom: 'Choose a room',
  noRooms: 'No room yet; make one in the console.',
  loading: 'Loading…',
  waiting: 'Waiting for a script',
  missing: 'No such room, or not for you.',
  unreachable: 'No server; this opens by itself when it is back.',
  otherRoom: 'Another room',
  connected: 'Connected',
  connecting: 'Connecting',
  offline: 'Offline',
  offlineHint: 'using the script received',
  signInAgain: 'Signed out: tap to sign in',
  pairAgain: 'Pairing ended: tap to pair',
  tooMany: 'Too many screens on this account; no new scripts',
  stopped: 'No new scripts',
  play: 'Start',
  pause: 'Pause',
  slower: 'Slower',
  faster: 'Faster',
  perMinute: 'chars/min',
  next: 'Next',
  colon: ': ',
  takeNext: 'Take it',
  cleared: 'Clear the screen',
  menu: 'Settings',
  progress: 'Progress',
  script: 'Script',
  blank: 'The screen is dark',
  seen: 'Seen',
  comingUp: 's to the next',
  apart: 'The room is elsewhere; this screen stays',
  rejoin: 'Follow the room',
  tellRoom: 'Have the room follow me',
  countdown: 'Count down to a start',
}

export type Language = 'zh' | 'en'
export const words = (language: Language): Words => (language === 'en' ? en : zh)

/** mm:ss, or h:mm:ss from an hour on. */
export function minutes(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, rest] = [Math.floor(whole / 3600), whole % 3600]
  const short = `${two(Math.floor(rest / 60))}:${two(rest % 60)}`
  return hours > 0 ? `${hours}:${short}` : short
}
