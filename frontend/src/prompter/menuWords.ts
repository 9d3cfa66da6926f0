import type { Language } from './i18n'

const zh = {
  close: '关闭',
  size: '字号',
  smaller: '缩小',
  bigger: '放大',
  fit: '自动',
  mirrorH: '左右镜像',
  mirrorV: '上下镜像',
  band: '阅读区',
  pages: '翻页模式',
  hud: '显示操作栏',
  fullscreen: '全屏',
  theme: '配色',
  black: '黑底白字',
  night: '夜蓝',
  paper: '白底黑字',
  amber: '黑底琥珀',
  language: 'English',
  keys: '按键',
  keysText:
    '空格/回车/B/. 播放暂停 · ↑↓ 快慢 · ←→ 上下句 · [ ] 上下段 · Home/End 首尾 · +− 字号 · M 镜像 · F 全屏 · L 阅读区 · H 操作栏 · R 倒退 · P 翻页 · N 接下一段 · 0 停 · Esc 设置',
  wakeLockMissing: '此浏览器不能保持亮屏，请在系统设置里关闭自动锁屏。',
  follow: '跟随直播间',
  clock: '分:秒',
  name: '屏幕名称',
  singleKeys: '单键快捷键',
  target: '读完用时',
  waitingHint: '审批通过的稿件会立刻出现在这里。',
  pairHint: '接入别的屏幕：在那台设备上打开',
  pairHintThen: '，输入导播给的配对码。',
  pattern: '测试图与镜像检查',
  patternText: '左←镜像检查→右\n主播看到的字应当是正的 0123456789',
  patternHint:
    '隔着玻璃或在屏幕前读：字是正的、四角的框都看得见，就对了；字反了，按镜像。有新稿或导播发话时自动收起。',
  locked: '触摸锁',
  unlock: '触摸已锁，按住 1 秒解锁',
  homeScreen: '此浏览器不能全屏：把本页“添加到主屏幕”，从那里打开就是全屏。',
}

type Words = Record<keyof typeof zh, string>

const en: Words = {
  close: 'Close',
  size: 'Size',
  smaller: 'Smaller',
  bigger: 'Bigger',
  fit: 'Auto',
  mirrorH: 'Mirror left–right',
  mirrorV: 'Mirror top–bottom',
  band: 'Reading band',
  pages: 'Turn pages',
  hud: 'Show the bar',
  fullscreen: 'Full screen',
  theme: 'Colours',
  black: 'White on black',
  night: 'Night blue',
  paper: 'Black on white',
  amber: 'Amber on black',
  language: '中文',
  keys: 'Keys',
  keysText:
    'Space/Enter/B/. play, pause · ↑↓ speed · ←→ sentence · [ ] section · Home/End · +− size · M mirror · F full screen · L band · H bar · R reverse · P pages · N take next · 0 stop · Esc settings',
  wakeLockMissing: 'This browser cannot keep the screen on: switch off the automatic lock.',
  follow: 'Follow the room',
  clock: 'mm:ss',
  name: 'Name of this screen',
  singleKeys: 'Single-key shortcuts',
  target: 'Finish in',
  waitingHint: 'An approved script appears here at once.',
  pairHint: 'To add a screen, open ',
  pairHintThen: ' there and type the director’s code.',
  pattern: 'Test pattern and mirror check',
  patternText: 'Left←Mirror check→Right\nThe reader sees these letters the right way round 0123456789',
  patternHint:
    'Read it in the glass, or on the screen itself: it is right when the letters are the right way round and all four corners are seen; else mirror it. It goes by itself when a script or a note comes.',
  locked: 'Touch lock',
  unlock: 'Touch is locked: hold for 1 s',
  homeScreen: 'This browser has no full screen: add this page to the home screen and open it there.',
}

/** The words of the display's own settings; they come with them. */
export const menuWords = (language: Language): Words => (language === 'en' ? en : zh)
