// Packs the built files, each beside itself, for a server that sends them so to browsers that can unpack them. It is done
// once, here, as small as it gets: at each request it would cost time and pack worse.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const TEXT = /\.(css|html|js|json|svg)$/
/** What is smaller fits into the first packets either way. */
const LEAST_BYTES = 1024
const ways = {
  gz: (data) => gzipSync(data, { level: 9 }),
  br: (data) =>
    brotliCompressSync(data, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 10, [constants.BROTLI_PARAM_SIZE_HINT]: data.length },
    }),
}

for (const name of readdirSync('dist', { recursive: true })) {
  if (!TEXT.test(name) || name.startsWith('.vite')) continue
  const data = readFileSync(`dist/${name}`)
  if (data.length < LEAST_BYTES) continue
  for (const [ending, pack] of Object.entries(ways)) {
    const packed = pack(data)
    if (packed.length < data.length) writeFileSync(`dist/${name}.${ending}`, packed)
  }
}
