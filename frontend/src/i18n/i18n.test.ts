import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorCodes } from '../generated/errors'
import { againEn, againZh } from './again'
import { apiKeysEn, apiKeysZh } from './apiKeys'
import { approvalDeskEn, approvalDeskZh } from './approvalDesk'
import { auditEn, auditZh } from './audit'
import { auditWordsEn, auditWordsZh } from './auditWords'
import { catalogueEn, catalogueZh } from './catalogue'
import { commandEn, commandZh } from './command'
import { deskMoreEn, deskMoreZh } from './deskMore'
import { draftsEn, draftsZh } from './drafts'
import { elsewhereEn, elsewhereZh } from './elsewhere'
import { en } from './en'
import { evidenceEn, evidenceZh } from './evidence'
import { experimentsEn, experimentsZh } from './experiments'
import { faultsEn, faultsZh } from './faults'
import { inMindEn, inMindZh } from './inMind'
import { keepingEn, keepingZh } from './keeping'
import { keysEn, keysZh } from './keys'
import { liveEn, liveZh } from './live'
import { memoryEn, memoryZh } from './memory'
import { modelsEn, modelsZh } from './models'
import { pairingEn, pairingZh } from './pairing'
import { policiesEn, policiesZh } from './policies'
import { preflightEn, preflightZh } from './preflight'
import { problemsZh } from './problems'
import { problemsEn } from './problemsEn'
import { reasonsEn, reasonsZh } from './reasons'
import { replayEn, replayZh } from './replay'
import { reviewEn, reviewZh } from './review'
import { rulesEn, rulesZh } from './rules'
import { settingsEn, settingsZh } from './settings'
import { showsEn, showsZh } from './shows'
import { tourEn, tourZh } from './tour'
import { workZh } from './work'
import { zhCN } from './zh-CN'

type Tree = { [key: string]: string | Tree }

function leaves(tree: Tree, path = ''): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === 'string' ? [[`${path}${key}`, value] as const] : [...leaves(value, `${path}${key}.`)],
    ),
  )
}

/** The leaves of several dictionaries that are laid over each other, as the pages lay them. */
const together = (...trees: Tree[]) => new Map(trees.flatMap((tree) => [...leaves(tree)]))

const variables = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort()

test('both languages have the same keys with the same variables, and nothing is empty', () => {
  const [chinese, english] = [
    together(
      zhCN,
      workZh,
      showsZh,
      memoryZh,
      modelsZh,
      pairingZh,
      keysZh,
      rulesZh,
      experimentsZh,
      catalogueZh,
      commandZh,
      policiesZh,
      preflightZh,
      reasonsZh,
      tourZh,
      reviewZh,
      settingsZh,
      deskMoreZh,
      approvalDeskZh,
      liveZh,
      replayZh,
      evidenceZh,
      auditZh,
      auditWordsZh,
      draftsZh,
      againZh,
      elsewhereZh,
      inMindZh,
      keepingZh,
      apiKeysZh,
    ),
    together(
      en,
      showsEn,
      memoryEn,
      modelsEn,
      pairingEn,
      keysEn,
      rulesEn,
      experimentsEn,
      catalogueEn,
      commandEn,
      policiesEn,
      preflightEn,
      reasonsEn,
      tourEn,
      reviewEn,
      settingsEn,
      deskMoreEn,
      approvalDeskEn,
      liveEn,
      replayEn,
      evidenceEn,
      auditEn,
      auditWordsEn,
      draftsEn,
      againEn,
      elsewhereEn,
      inMindEn,
      keepingEn,
      apiKeysEn,
    ),
  ]
  // English tells one from many; the form for one counts as its other form does.
  for (const [key, text] of english) {
    if (!key.endsWith('_one')) continue
    const many = key.slice(0, -'_one'.length)
    expect(variables(chinese.get(many) ?? ''), key).toContain('count')
    expect(text, key).not.toBe('')
    english.delete(key)
  }
  expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
  for (const [key, text] of chinese) {
    expect(text, key).not.toBe('')
    expect(english.get(key), key).not.toBe('')
    expect(variables(english.get(key) ?? ''), key).toEqual(variables(text))
  }
})

test('every error code of the server has its sentence in both languages, and no sentence is of a code that is gone', () => {
  const local = ['unreachable', 'disconnected', 'unconfirmed']
  expect(Object.keys(problemsZh).sort()).toEqual([...errorCodes, ...local].sort())
  const english: Record<string, string> = { ...problemsEn, ...faultsEn }
  const chinese: Record<string, string> = { ...problemsZh, ...faultsZh }
  expect(Object.keys(english)).toEqual(Object.keys(chinese))
  for (const [code, zh] of Object.entries(chinese)) {
    const en = english[code] ?? ''
    expect(zh, code).toMatch(/\p{Script=Han}/u)
    expect(en, code).toMatch(/^[\x20-\x7e]+$/)
    expect(variables(en), code).toEqual(variables(zh))
  }
})

test('every step of the graph has its name', () => {
  const nodes = readdirSync('../backend/graph/nodes').flatMap(
    (file) => file.match(/^([a-z]\w*)\.py$/)?.[1] ?? [],
  )
  expect(nodes.length).toBeGreaterThan(8)
  expect(nodes.filter((node) => !(node in workZh.node))).toEqual([])
})

test('the pages say nothing in Chinese that is not in the dictionary', () => {
  const pages = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) =>
      /^(app|audit|command|desk|review|approvals|evidence|experiments|hosts|live|room|memory|replay|rules|rundown|scripts|settings|tour)\b.*\.tsx$/.test(
        name,
      ),
    )
    .filter((name) => !name.includes('.test.'))
  expect(pages.length).toBeGreaterThan(15)
  // The language's own name is not translated; punctuation that ends a sentence is not a word.
  const stray = pages.filter((name) =>
    /[\u4e00-\u9fff]/.test(readFileSync(`src/${name}`, 'utf8').replace("'中文'", '')),
  )
  expect(stray).toEqual([])
})
