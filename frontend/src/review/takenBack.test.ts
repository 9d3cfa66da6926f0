import { expect, test } from 'vitest'
import type { InterruptView } from '../generated/protocol'
import { backFrom, isUndoable, takenBack } from './takenBack'

const view = (id: string, changes: Partial<InterruptView> = {}): InterruptView =>
  ({ id, status: 'pending', params: {}, ...changes }) as InterruptView

test('what was put up again names the rejection and who took it back; anything else says nothing', () => {
  expect(backFrom({ taken_back: { of: 'old', by: 'u', by_name: '阿敏' } })).toEqual({
    of: 'old',
    name: '阿敏',
  })
  for (const told of [undefined, null, true, 'old', {}, { of: 7 }])
    expect(backFrom({ taken_back: told })).toBeUndefined()
  const asked = [view('other'), view('new', { params: { taken_back: { of: 'old', by_name: '阿敏' } } })]
  expect(takenBack(asked, 'old')).toEqual({ name: '阿敏', id: 'new' })
  expect(takenBack(asked, 'new')).toBeUndefined()
})

test('only my own rejection, and only until its time is over', () => {
  const until = '2026-01-01T00:00:10Z'
  const now = Date.parse('2026-01-01T00:00:09Z')
  const by = { id: 'me', name: '阿敏' }
  const rejected = view('old', { status: 'reject', by, undo_until: until })
  expect(isUndoable(rejected, 'me', now)).toBe(true)
  expect(isUndoable(rejected, 'you', now)).toBe(false)
  expect(isUndoable(rejected, 'me', now + 1000)).toBe(false)
  expect(isUndoable({ ...rejected, undo_until: null }, 'me', now)).toBe(false)
  expect(isUndoable({ ...rejected, status: 'approve' }, 'me', now)).toBe(false)
})
