import { act, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import '../i18n'
import type { AnyFrame } from '../generated/protocol'
import { LineTrouble } from './LineTrouble'

let say: (frame: AnyFrame) => void = () => {}
const socket = {
  onFrame: (listener: typeof say) => {
    say = listener
    return () => {}
  },
}
vi.mock('../shared/desk', () => ({ useDesk: () => ({ socket }) }))

test('a fault of the line is told by its code until it is put away, and nothing else is', async () => {
  render(<LineTrouble />)
  const problem = { message: 'slow down', retryable: true, retry_after_ms: 1000, details: {} }
  act(() => say({ type: 'pong', re: 'x', server_time: '2026-11-22T10:00:00Z' } as AnyFrame))
  expect(screen.queryByTestId('line-trouble')).toBeNull()
  act(() => say({ type: 'error', code: 'rate_limited', thread_id: null, ...problem }))
  expect(screen.getByRole('alert')).toHaveTextContent(/^连接出了问题：.*太/)
  act(() => say({ type: 'error', code: 'of_tomorrow', thread_id: null, ...problem }))
  expect(screen.getByRole('alert')).toHaveTextContent('连接出了问题：slow down')
  act(() => say({ type: 'error', code: 'bad_request', thread_id: null, ...problem }))
  expect(screen.getByRole('alert')).toHaveTextContent(/没能看懂.*刷新页面/)
  expect(screen.getByRole('alert')).not.toHaveTextContent('请检查填写的内容')
  await userEvent.click(screen.getByRole('button'))
  expect(screen.queryByTestId('line-trouble')).toBeNull()
})
