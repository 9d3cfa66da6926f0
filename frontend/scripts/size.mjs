// The size budgets of the built pages: gzipped JavaScript that a page loads at once (static imports included).
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const KIB = 1024
const budgets = { 'index.html': 420 * KIB, 'prompter.html': 90 * KIB }

function scripts(page) {
  const html = readFileSync(`dist/${page}`, 'utf8')
  return new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((match) => match[1]))
}

const gzipped = new Map(
  readdirSync('dist/assets')
    .filter((name) => name.endsWith('.js'))
    .map((name) => [`assets/${name}`, gzipSync(readFileSync(`dist/assets/${name}`)).length]),
)
let failed = false
for (const [page, budget] of Object.entries(budgets)) {
  const size = [...scripts(page)].reduce((sum, name) => sum + (gzipped.get(name) ?? 0), 0)
  const over = size === 0 || size > budget
  failed ||= over
  console.log(`${over ? 'FAIL' : 'ok  '} ${page}: ${(size / KIB).toFixed(1)} of ${budget / KIB} KiB`)
}
process.exit(failed ? 1 : 0)
