import { describe, expect, it } from 'vitest'
import { asText, lineOf, readDocument } from './document'

const text = `{
  "providers": {
    "glm": {"profile": "zhipu", "key": "GLM"}
  },
  "routes": {
    "script": {"backends": [
      "writer",
      "fallback"
    ]}
  }
}`

describe('readDocument', () => {
  it('reads what JSON.parse reads, and where each part stands', () => {
    const { value, lines, faults } = readDocument(text)
    expect([value, faults]).toEqual([JSON.parse(text), []])
    expect(lineOf(lines, 'providers.glm.key')).toBe(3)
    expect(lineOf(lines, 'routes.script.backends.1')).toBe(8)
    expect(lineOf(lines, 'routes.script.parameters.extra')).toBe(6)
    expect(lineOf(lines, 'nothing.of.it')).toBe(1)
  })

  it('reads every kind of value as JSON.parse does', () => {
    for (const one of ['{"a": [1, -2.5e3, true, null, "\\u4f60\\"{", [], {}]}', '{}', '\n{ "一" : "，" }\n'])
      expect(readDocument(one)).toMatchObject({ value: JSON.parse(one), faults: [] })
  })

  it.each([
    ['{\n  "a": 1,\n}', 3],
    ['{\n  "a": [1,\n  2,\n  ]}', 4],
    ['{\n  a: 1\n}', 2],
    ['{\n  "a" 1\n}', 2],
    ['{\n  "a": 1\n  "b": 2\n}', 3],
    ['{\n  "a": "open\n}', 2],
    ['{\n  "a": 01\n}', 2],
    ['{\n  "a": {\n    "b": 1', 3],
    ['{\n}\n}', 3],
    ["{\n  'a': 1\n}", 2],
    ['', 1],
  ])('tells the line of the first thing that is no JSON: %j', (broken, line) => {
    expect(() => JSON.parse(broken)).toThrow()
    const { value, faults } = readDocument(broken)
    expect(value).toBeUndefined()
    expect(faults.map((fault) => fault.line)).toEqual([line])
  })

  it('tells what is written twice, which JSON.parse would drop', () => {
    const { faults } = readDocument('{\n  "a": 1,\n  "a": 2\n}')
    expect(faults).toEqual([{ line: 3, kind: 'twice', text: 'a' }])
  })

  it('wants an object', () => {
    expect(readDocument('[]').faults).toEqual([{ line: 1, kind: 'object', text: '' }])
  })
})

it('shows a saved document without what nobody wrote', () => {
  const backend = { provider: 'p', limits: { context: null }, parameters: { extra: { stop: null } } }
  const saved = { providers: { p: { profile: 'zhipu', key: null } }, backends: { b: backend }, routes: {} }
  expect(JSON.parse(asText(saved))).toEqual({
    providers: { p: { profile: 'zhipu' } },
    backends: { b: { provider: 'p', parameters: { extra: { stop: null } } } },
  })
})
