import { readings } from './pinyin'

/** How well a text answers: the smaller, the better. Literal finds come before those by sound, beginnings before middles. */
const AT_START = 0
const INSIDE = 1
const BY_SOUND = 2

/**
 * How well `text` answers what was typed, or undefined when it does not. Every word of it must be found: as it stands, or
 * by sound, where each character is spelled by any beginning of its pinyin (`bwb`, `baowenbei` and `bao杯` find 保温杯).
 */
export function match(typed: string, text: string): number | undefined {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const lower = text.toLowerCase()
  let worst = AT_START
  for (const word of words) {
    const place = lower.indexOf(word)
    const found = place >= 0 ? (place === 0 ? AT_START : INSIDE) : sounds(word, lower) ? BY_SOUND : undefined
    if (found === undefined) return undefined
    worst = Math.max(worst, found)
  }
  return worst
}

function sounds(word: string, text: string): boolean {
  // Without a letter there is nothing to be spelled.
  if (!/[a-z]/.test(word)) return false
  const characters = [...text]
  return characters.some(
    (character, place) => readings(character).length > 0 && spells(word, characters, place),
  )
}

/** Whether the rest of a word spells the characters from a place on. */
function spells(word: string, characters: readonly string[], place: number): boolean {
  if (word === '') return true
  const character = characters[place]
  if (character === undefined) return false
  if (word.startsWith(character) && spells(word.slice(character.length), characters, place + 1)) return true
  return readings(character).some((syllable) => {
    for (let length = 1; length <= syllable.length && word[length - 1] === syllable[length - 1]; length++) {
      if (spells(word.slice(length), characters, place + 1)) return true
    }
    return false
  })
}
