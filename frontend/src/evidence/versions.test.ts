import { expect, test } from 'vitest'
import type { Interrupt } from './api'
import { continuedScript, versionsOf } from './versions'

const at = (minute: number) => `2026-11-22T10:0${minute}:00Z`
const asked = (id: string, minute: number, content: string, fields: Partial<Interrupt> = {}) =>
  ({
    id,
    run_id: 'r',
    kind: 'script_approval',
    params: { content },
    status: 'pending',
    on_air_at: null,
    decision: null,
    decided_by: null,
    decided_at: null,
    created_at: at(minute),
    ...fields,
  }) as unknown as Interrupt

const rejected = asked('a', 1, '一稿', { status: 'rejected', decision: { feedback: '短一点' } })
const edited = asked('b', 2, '二稿', {
  status: 'edited',
  decision: { content: '二稿，第一' },
  decided_by: { id: 'u', name: '阿敏' },
  decided_at: at(3),
})

test('drafts and what people made of them are numbered as they came, up to the one that is asked about', () => {
  const pending = asked('c', 4, '二稿，第一')
  const later = asked('d', 5, '四稿')
  const elsewhere = asked('e', 1, '别的', { run_id: 'other' })
  const held = asked('f', 3, '二稿', { on_air_at: at(9) })
  const found = versionsOf('c', [later, pending, held, edited, elsewhere, rejected], [])
  expect(found.map(({ number, text, made, label }) => [number, text, made, label])).toEqual([
    [1, '一稿', 'draft', ''],
    [2, '二稿', 'draft', ''],
    // What comes back after an edit says the same: it is the edit.
    [3, '二稿，第一', 'edit', '阿敏'],
  ])
  expect(found[0]).toMatchObject({ status: 'rejected', feedback: '短一点' })
  expect(versionsOf('a', [edited, rejected], [])).toHaveLength(1)
  expect(versionsOf('nobody’s', [rejected], [])).toEqual([])
})

test('published versions of the same script stand before, the one that this run published does not', () => {
  const version = (n: number, minute: number, content: string, run_id: string) =>
    ({ version: n, content, created_at: at(minute), run_id }) as never
  const found = versionsOf('a', [rejected], [version(2, 2, '一稿', 'r'), version(1, 0, '旧稿', 'q')])
  expect(found.map(({ made, label, text }) => [made, label, text])).toEqual([
    ['published', '1', '旧稿'],
    ['draft', '', '一稿'],
  ])
})

test('only a changed script of the same product is a next version', () => {
  const state = (kind: string, product: string) => ({
    kind,
    previous: { script_id: 's', product_name: '杯' },
    product: { name: product },
  })
  expect(continuedScript(state('restyle', '杯'))).toBe('s')
  expect(continuedScript(state('regenerate', '杯'))).toBe('s')
  expect(continuedScript(state('write', '杯'))).toBeUndefined()
  expect(continuedScript(state('restyle', '辣条'))).toBeUndefined()
  expect(continuedScript({ kind: 'restyle', previous: null, product: {} })).toBeUndefined()
  expect(continuedScript(null)).toBeUndefined()
})
