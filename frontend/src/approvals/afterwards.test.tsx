import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { MemoryRouter } from 'react-router'
import { expect, test, vi } from 'vitest'
import '../i18n'
import '../i18n/addApprovals'
import '../i18n/addWork'
import type { InterruptView } from '../generated/protocol'
import { Afterwards } from './Afterwards'
import type { QueueItem } from './queue'

const item = (
  id: string,
  status: InterruptView['status'],
  changes: Partial<InterruptView> = {},
): QueueItem => ({
  threadId: 'thread',
  interrupt: {
    id,
    status,
    run_id: 'run',
    on_air_at: null,
    resolved_at: status === 'pending' ? null : '2026-11-22T10:00:00Z',
    expires_at: '2026-11-22T11:00:00Z',
    by: status === 'pending' ? null : { id: 'p', name: '阿敏' },
    ...changes,
  } as InterruptView,
})
const show = (seen: QueueItem, others: QueueItem[], onNext?: () => void) =>
  render(
    <MemoryRouter>
      <Afterwards
        item={seen}
        queue={new Map([seen, ...others].map((one) => [one.interrupt.id, one]))}
        onNext={onNext}
      />
    </MemoryRouter>,
  )
const held = { on_air_at: '2026-11-22T10:00:30Z', resolved_at: '2026-11-22T10:00:20Z' }

test('an approval that was called back says by whom, and leads to where the script waits now', () => {
  show(item('first', 'approve'), [
    item('hold', 'undo', { ...held, by: { id: 'q', name: '小林' } }),
    item('again', 'pending'),
  ])
  expect(screen.getByRole('status')).toHaveTextContent('小林 撤回了，没有上屏。')
  expect(screen.getByTestId('asked-again')).toHaveAttribute('href', '/approvals/again')
})

test('whoever opens it later, when no hold is heard of any more, reads the same', () => {
  const params = { called_back: { of: 'first', by_name: '小林' } }
  show(item('first', 'approve', { action: 'publish_script', params: {} }), [
    item('again', 'pending', { action: 'publish_script', params }),
  ])
  expect(screen.getByRole('status')).toHaveTextContent('小林 撤回了，没有上屏。')
  expect(screen.queryByTestId('refused')).toBeNull()
})

test('the hold itself says so too, also where nothing else of the run is known', async () => {
  const next = vi.fn()
  show(item('hold', 'undo', held), [item('other', 'pending', { run_id: 'another' })], next)
  expect(screen.getByRole('status')).toHaveTextContent('阿敏 撤回了')
  expect(screen.queryByTestId('asked-again')).toBeNull()
  await userEvent.click(screen.getByTestId('next-item'))
  expect(next).toHaveBeenCalledOnce()
})

test('one that stands, or was approved again after it was called back, is not said to be called back', () => {
  show(item('second', 'approve', { resolved_at: '2026-11-22T10:05:00Z' }), [item('hold', 'undo', held)])
  expect(screen.queryByRole('status')).toBeNull()
  expect(screen.getByTestId('afterwards')).toHaveTextContent('没有别的稿件待审。')
})

test('a request that was withdrawn says that nothing waits and leads to its conversation', () => {
  show(item('gone', 'cancelled'), [])
  expect(screen.getByRole('status')).toHaveTextContent('请求已撤回')
  expect(screen.getByRole('link')).toHaveAttribute('href', '/console/thread')
})

test('a text that was passed and waits again is said not to be on screen; what a tool asked first is none', () => {
  const script = { action: 'publish_script' }
  show(item('first', 'edit', script), [item('again', 'pending', script)])
  expect(screen.getByTestId('refused')).toHaveTextContent('没有上屏')
  expect(screen.getByTestId('asked-again')).toHaveAttribute('href', '/approvals/again')
})

test('a tool that was allowed before a script waits says nothing of the kind', () => {
  show(item('tool', 'approve', { action: 'call_tool' }), [
    item('script', 'pending', { action: 'publish_script' }),
  ])
  expect(screen.queryByTestId('refused')).toBeNull()
})
