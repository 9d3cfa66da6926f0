import type { Language } from '../remote/i18n'

const zh = {
  title: '连接屏幕',
  lead: '把这台设备接到直播间，不用登录。',
  code: '配对码',
  codeHint: '6 位数字。请导播在“直播”页点“配对屏幕”，码几分钟内有效，只能用一次。',
  name: '设备名称',
  nameHint: '导播按这个名字认出它。',
  connect: '连接这台设备',
  connecting: '正在连接…',
  scanned: '已扫到配对链接，点“连接这台设备”即可。',
  typeInstead: '改为输入配对码',
  paired: '这台设备已连接',
  asDisplay: '屏幕',
  asRemote: '遥控',
  open: '打开',
  unpair: '解除配对',
  unpaired: '已解除。要再连接，请用新的配对码。',
  another: '换一个直播间',
  signIn: '用账号登录',
  loading: '载入中…',
  language: 'English',
  six: '请输入 6 位数字。',
  pairing_refused: '配对码不对，或者已经用过、过期。请看导播屏幕上现在的码。',
  linkRefused: '这个链接已经用过或过期。请重新扫码，或输入配对码。',
  rate_limited: '试得太多了，请等 {s} 秒再试。',
  unreachable: '连不上服务器，请检查网络后再试。',
  other: '没有连上，请再试一次。',
  phone: '手机',
  pad: '平板',
  tv: '电视',
  computer: '电脑',
}

type Words = Record<keyof typeof zh, string>

const en: Words = {
  title: 'Connect a screen',
  lead: 'Join a live room with this device, without signing in.',
  code: 'Pairing code',
  codeHint:
    'Six digits. The director finds them under “Live”, “Pair a screen”; they are good for minutes, and once.',
  name: 'Name of this device',
  nameHint: 'The director knows it by this name.',
  connect: 'Connect this device',
  connecting: 'Connecting…',
  scanned: 'The pairing link was read: press “Connect this device”.',
  typeInstead: 'Type a code instead',
  paired: 'This device is connected to',
  asDisplay: 'Screen',
  asRemote: 'Remote',
  open: 'Open',
  unpair: 'End the pairing',
  unpaired: 'Ended. A new code connects it again.',
  another: 'Another room',
  signIn: 'Sign in with an account',
  loading: 'Loading…',
  language: '中文',
  six: 'Type six digits.',
  pairing_refused:
    'The code is wrong, was used or is over. Look at the one on the director’s screen right now.',
  linkRefused: 'This link was used or is over. Scan the new one, or type a code.',
  rate_limited: 'Too many tries: wait {s} seconds.',
  unreachable: 'The server cannot be reached: check the network and try again.',
  other: 'Not connected: try again.',
  phone: 'Phone',
  pad: 'Tablet',
  tv: 'TV',
  computer: 'Computer',
}

export const words = (language: Language): Words => (language === 'en' ? en : zh)

/** What a device is called as long as nobody gives it a name. */
export function usualName(agent: string, t: Words): string {
  if (/TV|Tizen|Web0S|SMART|AFT[A-Z]|BRAVIA/i.test(agent)) return t.tv
  if (/iPad|Tablet|Android(?!.*Mobile)/i.test(agent)) return t.pad
  if (/iPhone|Mobile/i.test(agent)) return t.phone
  return t.computer
}
