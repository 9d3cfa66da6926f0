import { expect, test } from 'vitest'
import { base64 } from './files'

test('any file survives its way in base64', async () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, n) => n % 256)
  const back = Uint8Array.from(atob(await base64(new Blob([bytes]))), (char) => char.charCodeAt(0))
  expect(back).toEqual(bytes)
})
