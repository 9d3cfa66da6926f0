import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { listed } from './listed'

test('things stand apart as the language has it', () => {
  expect(listed(['甲', '乙'], 'zh-CN')).toBe('甲、乙')
  expect(listed(['a', 'b'], 'en')).toBe('a, b')
})

test('no page joins words by a comma of one language', () => {
  const own = /join\(\s*['"`](?:、|，)['"`]\s*\)|[}]、|['"`]、['"`]/
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.tsx?$/.test(name) && !/^(i18n|generated)\b|\.test\.|shared\/listed/.test(name),
  )
  expect(files.length).toBeGreaterThan(200)
  expect(files.filter((name) => own.test(readFileSync(`src/${name}`, 'utf8')))).toEqual([])
})
