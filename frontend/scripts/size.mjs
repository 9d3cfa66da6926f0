// The size budgets: gzipped JavaScript that a route loads before it is shown, that is its page's entry and its own chunk,
// each with everything they import statically.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const KB = 1000
const budgets = [
  ['console entry + shell', ['index.html'], 240],
  ['chat', ['index.html', 'src/desk/DeskPage.tsx'], 360],
  ['approvals', ['index.html', 'src/approvals/ApprovalsPage.tsx'], 360],
  ['replay', ['index.html', 'src/app/RarePages.tsx', 'src/replay/ReplayPage.tsx'], 360],
  ['shows', ['index.html', 'src/rundown/ShowsPage.tsx'], 430],
  ['products', ['index.html', 'src/products/ProductsPage.tsx'], 430],
  ['live', ['index.html', 'src/live/LivePage.tsx'], 390],
  ['prompter', ['prompter.html'], 90],
  ['remote', ['remote.html'], 90],
  ['pair', ['pair.html'], 90],
]
const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'))

function loaded(key, seen = new Set()) {
  const chunk = manifest[key]
  if (!chunk) throw new Error(`the build holds no ${key}`)
  if (seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  for (const imported of chunk.imports ?? []) loaded(imported, seen)
  return seen
}

let failed = false
for (const [route, keys, budget] of budgets) {
  const files = keys.reduce((seen, key) => loaded(key, seen), new Set())
  const size = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(`dist/${file}`)).length, 0) / KB
  const over = size > budget
  failed ||= over
  console.log(`${over ? 'FAIL' : 'ok  '} ${route}: ${size.toFixed(1)} of ${budget} KB`)
}
process.exit(failed ? 1 : 0)
