import { expect, test } from 'vitest'
import { experimentsZh } from '../i18n/experiments'
import { RestProblem } from '../shared/rest'
import { blocks, differences, refusalOf, styles, sumOf, toVariant, wordOf } from './ways'

test('what is left empty changes nothing', () => {
  expect(toVariant({ key: 'usual', weight: 50 })).toEqual({
    key: 'usual',
    weight: 50,
    changes: { sections: {}, style: [], blocks: { more: [], less: [] }, seed: 0 },
  })
  expect(toVariant({ key: 'a', weight: 1, section: 'style', text: '  ' }).changes.sections).toEqual({})
  expect(toVariant({ key: 'a', weight: 1, section: 'opening', text: '先笑' }).changes.sections).toEqual({
    opening: '先笑',
  })
})

test('what a way does otherwise is told in words', () => {
  expect(differences(toVariant({ key: 'usual', weight: 50 }).changes)).toEqual([])
  expect(differences({})).toEqual([])
  const { changes } = toVariant({
    weight: 50,
    style: ['专业'],
    less: ['ask'],
    seed: 7,
    section: 'scene',
    text: '?',
  })
  const told = differences(changes)
  expect(told).toEqual([
    ['style', ['专业']],
    ['less', ['ask']],
    ['seed', ['7']],
    ['sections', ['scene']],
  ])
  expect(told.flatMap(([, which]) => which.map(wordOf))).toEqual([
    'experimentStyle.expert',
    'experimentBlock.ask',
    undefined,
    undefined,
  ])
})

test('weights are summed with what is not typed yet', () => {
  expect(sumOf([50, null, undefined, 25])).toBe(75)
})

test('a refusal has its own words where it has a reason of its own', () => {
  const conflict = (reason?: string) => new RestProblem(409, { code: 'conflict', details: { reason } })
  expect(refusalOf(conflict('another_runs'))).toBe('experiment.anotherRuns')
  expect(refusalOf(conflict())).toBeUndefined()
  const errors = [{ field: 'body.variants.1.changes', type: 'value_error' }]
  expect(refusalOf(new RestProblem(400, { code: 'bad_request', details: { errors } }))).toBe(
    'experiment.badSection',
  )
  expect(refusalOf(new Error('?'))).toBeUndefined()
})

test('every style and block has its name', () => {
  expect(Object.keys(experimentsZh.experimentStyle)).toEqual(Object.keys(styles))
  expect(Object.keys(experimentsZh.experimentBlock)).toEqual([...blocks])
})
