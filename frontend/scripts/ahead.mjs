// Lists what the console may want later: every file of the build that its page leads to and does not load at once. The page
// has them brought while the line is up, so that another page, a dialog or an editor opens without the server, too.
import { readFileSync, writeFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'))

function reached(key, ways, seen = new Set()) {
  if (seen.has(key)) return seen
  seen.add(key)
  for (const way of ways) for (const next of manifest[key][way] ?? []) reached(next, ways, seen)
  return seen
}

const filesOf = (keys) => [...keys].flatMap((key) => [manifest[key].file, ...(manifest[key].css ?? [])])
const atOnce = new Set(filesOf(reached('index.html', ['imports'])))
const later = new Set(filesOf(reached('index.html', ['imports', 'dynamicImports'])))
const files = [...later].filter((file) => !atOnce.has(file)).map((file) => `/${file}`)
writeFileSync('dist/ahead.json', JSON.stringify(files))
