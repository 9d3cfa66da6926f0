const SIZE = 64
const MOST = 9

let plain: string | undefined
/** Drawing takes a moment: only what was asked for last counts. */
let asked = 0
let last = ''

/** What stands on the badge for how many wait; nothing for none. */
export const badgeText = (count: number): string => (count <= 0 ? '' : count > MOST ? `${MOST}+` : `${count}`)

/** Put how many wait on the tab's icon; none brings the plain one back. Where it cannot be drawn it stays as it was. */
export async function badgeIcon(count: number): Promise<void> {
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
  if (!link) return
  plain ??= link.href
  const text = badgeText(count)
  // From ten on every number looks the same: a queue that fills up is not to be drawn twenty times a second.
  if (text === last) return
  last = text
  const turn = ++asked
  if (!text) {
    link.href = plain
    return
  }
  const drawn = await draw(plain, text).catch(() => undefined)
  if (drawn && turn === asked) link.href = drawn
}

async function draw(source: string, text: string): Promise<string | undefined> {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = SIZE
  const pen = canvas.getContext('2d')
  if (!pen) return undefined
  const image = new Image(SIZE, SIZE)
  image.src = source
  await image.decode()
  pen.drawImage(image, 0, 0, SIZE, SIZE)
  const style = getComputedStyle(document.documentElement)
  pen.fillStyle = style.getPropertyValue('--live').trim() || '#c8102e'
  pen.beginPath()
  pen.arc(SIZE * 0.66, SIZE * 0.34, SIZE * 0.34, 0, Math.PI * 2)
  pen.fill()
  pen.fillStyle = '#fff'
  pen.font = `bold ${text.length > 1 ? 32 : 40}px sans-serif`
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.fillText(text, SIZE * 0.66, SIZE * 0.36)
  return canvas.toDataURL('image/png')
}
