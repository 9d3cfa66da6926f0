import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { auditEn, auditZh } from '../i18n/audit'
import { auditWordsEn, auditWordsZh } from '../i18n/auditWords'
import { told } from './words'

const sources = (folder: string, ending: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))

/** The arguments of each call that writes an entry, without what stands in brackets within them. */
function* records(): Generator<string> {
  for (const source of sources('../backend', '.py'))
    for (const { index } of source.matchAll(/\baudit\.record\(/g)) {
      let depth = 0
      let flat = ''
      for (const sign of source.slice(index + 'audit.record'.length)) {
        if ('([{'.includes(sign)) depth += 1
        if (depth === 1) flat += sign
        if (')]}'.includes(sign)) depth -= 1
        if (depth === 0) break
      }
      yield flat
    }
}

test('whatever the server writes down has its words, in both languages', () => {
  const actions = new Set<string>()
  const keys = new Set<string>()
  for (const call of records()) {
    for (const [, noun, verb] of call.matchAll(/"([a-z_]+)\.([a-z_]+)"/g)) actions.add(`${noun}.${verb}`)
    for (const [, key = ''] of call.matchAll(/\b([a-z_]+)=/g)) keys.add(key)
  }
  for (const sql of sources('../alembic/versions', '.sql'))
    for (const [, tail = ''] of sql.matchAll(/INSERT INTO audit_log([^;]*?jsonb_build_object)/g))
      for (const [, action = ''] of tail.matchAll(/'([a-z_]+\.[a-z_]+)'/g)) actions.add(action)
  expect(actions.size).toBeGreaterThan(50)
  expect(keys.size).toBeGreaterThan(30)
  expect(actions).toContain('device.paired')
  const unknown = [...actions].filter((action) => {
    const [noun = '', verb = ''] = action.split('.')
    return !(noun in auditZh.auditNoun && verb in auditZh.auditVerb)
  })
  expect(unknown).toEqual([])
  expect([...keys].filter((key) => !(key in auditWordsZh.auditDetail))).toEqual([])
  for (const part of ['auditNoun', 'auditVerb'] as const)
    expect(Object.keys(auditEn[part])).toEqual(Object.keys(auditZh[part]))
})

test('every field that a change can name has its words', () => {
  const openapi = JSON.parse(readFileSync('src/generated/openapi.json', 'utf8'))
  const shapes = [
    'ProductChanges',
    'HostChanges',
    'ShowChanges',
    'RoomChanges',
    'PolicyChanges',
    'ExperimentChanges',
  ]
  const fields = shapes.flatMap((name) => Object.keys(openapi.components.schemas[name].properties))
  expect(fields.length).toBeGreaterThan(30)
  expect(fields.filter((field) => !(field in auditWordsZh.auditDetail))).toEqual([])
})

const words = (dictionary: object) => (key: string) =>
  key.split('.').reduce<unknown>((tree, part) => (tree as Record<string, unknown>)?.[part], dictionary) as
    | string
    | undefined
const lines = (action: string, detail: Record<string, unknown>, dictionary: object = auditWordsZh) =>
  told({ action, detail }, words(dictionary), dictionary === auditWordsEn ? 'en' : 'zh-CN').map(
    ({ name, text }) => `${name}: ${text}`,
  )

test('names, choices, times and changes are told in words; what is unknown stands as it was noted', () => {
  expect(lines('product.changed', { fields: ['price', 'stock'] })).toEqual(['改了哪些: 价格、库存'])
  expect(lines('product.changed', { fields: ['price', 'stock'] }, auditWordsEn)).toEqual([
    'What changed: Price, Stock',
  ])
  expect(lines('tenant.policies_changed', { four_eyes: [false, true], undo_window: [0, 10] })).toEqual([
    '双人审批: 否 → 是',
    '撤回时间: 0 → 10',
  ])
  expect(lines('interrupt.reject', { reason: 'price', feedback: null, question: 'publish_script' })).toEqual([
    '原因: 价格或优惠有误',
    '问的是: 发布话术',
  ])
  const saved = { changed: ['added allow 杯王 2 号', 'removed rules S-001'], unheard_of: { version: 3 } }
  expect(lines('rules.saved', saved)).toEqual([
    '改动: 新增 允许的说法: 杯王 2 号、去掉 本店规则: S-001',
    'unheard_of: 版本: 3',
  ])
  expect(lines('rules.saved', saved, auditWordsEn)[0]).toBe(
    'Changed: Added allowed phrase: 杯王 2 号, Removed rule of the team: S-001',
  )
  expect(lines('interrupt.extended', { until: '2026-11-22T10:00:00+00:00' })[0]).not.toContain('T10')
})
