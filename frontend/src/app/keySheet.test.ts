import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
  (name) =>
    /^(app|approvals|command|desk|evidence|live|review)\b.*\.tsx?$/.test(name) &&
    !/\.test\./.test(name) &&
    name !== 'app/Keys.tsx',
)
/** The letters and digits the pages listen to, as they stand in the code. */
const bound = new Set(
  files.flatMap((name) =>
    [
      ...readFileSync(`src/${name}`, 'utf8').matchAll(
        /\b(?:event\.)?key(?:\.toLowerCase\(\))? [!=]== '(?:Shift )?(.)'|case '(.)':/g,
      ),
    ].map(([, key, other]) => key ?? other ?? ''),
  ),
)
const sheet = readFileSync('src/app/Keys.tsx', 'utf8')
/** What the sheet prints, a key each; the letters after G come from the table of pages itself. */
const printed = new Set(
  [...sheet.matchAll(/^ {6}\['([^']+)'/gm)].flatMap(([, keys]) =>
    (keys ?? '').split(/ · | (?=[A-Z]$)|^Shift |^Ctrl /).filter(Boolean),
  ),
)

test('the sheet of keys tells each letter that is bound, and none that is not', () => {
  expect(bound.size).toBeGreaterThan(10)
  const letters = [...bound].filter((key) => key !== 'g' && key !== ' ').map((key) => key.toUpperCase())
  const told = [...printed].map((key) => key.replace(/^(Shift|Ctrl) /, '').toUpperCase())
  expect(letters.filter((key) => !told.includes(key))).toEqual([])
  const single = told.filter((key) => /^[A-Z]$/.test(key))
  expect(single.filter((key) => !letters.includes(key))).toEqual([])
})
