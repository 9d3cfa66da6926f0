import { beforeEach, expect, test, vi } from 'vitest'
import { draftsOf, dropDrafts, keepDraft, keptDraft, recall, remember } from './storage'
import { changes } from './useFormDraft'

beforeEach(() => {
  localStorage.clear()
  sessionStorage.clear()
})

test('a draft is found by who typed it, in the team it was typed in, and by nobody else', () => {
  draftsOf('qinghe', 'lin')
  keepDraft('form:hosts:new', '小禾')
  draftsOf('qinghe', 'min')
  expect(keptDraft('form:hosts:new')).toBe('')
  draftsOf('shanlan', 'lin')
  expect(keptDraft('form:hosts:new')).toBe('')
  draftsOf('qinghe', 'lin')
  expect(keptDraft('form:hosts:new')).toBe('小禾')
})

test('who signs out leaves no draft; what the browser was told to look like, and drafts of others, stay', () => {
  draftsOf('qinghe', 'min')
  keepDraft('edit:1', '甲')
  draftsOf('qinghe', 'lin')
  keepDraft('edit:1', '乙')
  remember('cuedesk:language', 'en')
  dropDrafts()
  expect(keptDraft('edit:1')).toBe('')
  expect(recall('cuedesk:language')).toBe('en')
  draftsOf('qinghe', 'min')
  expect(keptDraft('edit:1')).toBe('甲')
})

test('the scripts that a teleprompter keeps go with whoever signs out, those of a paired display stay', () => {
  const deleteDatabase = vi.fn()
  vi.stubGlobal('indexedDB', { deleteDatabase })
  dropDrafts()
  expect(deleteDatabase.mock.calls).toEqual([['cuedesk-prompter']])
  vi.unstubAllGlobals()
})

test('two open tabs have a draft each; a new one begins with the last', () => {
  draftsOf('qinghe', 'lin')
  keepDraft('draft:1', '这边')
  const here = { ...sessionStorage }
  const become = (tab: Record<string, string>) => {
    sessionStorage.clear()
    for (const [key, text] of Object.entries(tab)) sessionStorage.setItem(key, text)
  }
  become({})
  expect(keptDraft('draft:1')).toBe('这边')
  keepDraft('draft:1', '那边')
  const there = { ...sessionStorage }
  become(here)
  expect(keptDraft('draft:1')).toBe('这边')
  // Sent here: the other tab's stays, for itself and for the tabs to come.
  keepDraft('draft:1', '')
  expect(keptDraft('draft:1')).toBe('')
  become(there)
  expect(keptDraft('draft:1')).toBe('那边')
  become({})
  expect(keptDraft('draft:1')).toBe('那边')
})

test('of a form what was changed is kept, also that a field was emptied, and nothing else', () => {
  const saved = { name: '保温杯', price: 59.9, points: [{ feature: '轻' }], stock: null as number | null }
  expect(changes(saved, { ...saved })).toEqual({})
  expect(changes(saved, { ...saved, stock: undefined as unknown as null })).toEqual({})
  expect(changes(saved, { ...saved, price: undefined as unknown as number })).toEqual({ price: null })
  expect(changes(saved, { ...saved, points: [{ feature: '轻' }, { feature: '稳' }] })).toEqual({
    points: [{ feature: '轻' }, { feature: '稳' }],
  })
})
