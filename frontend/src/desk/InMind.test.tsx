import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import '../i18n'
import { deskApi } from './api'
import InMind from './InMind'

let may = true
vi.mock('../shared/desk', () => ({ useDesk: () => ({ may: () => may }) }))
vi.mock('../shared/notices', () => ({ useNotices: () => ({ info: vi.fn(), error: vi.fn() }) }))

const show = () =>
  render(
    <QueryClientProvider client={new QueryClient()}>
      <InMind threadId="t" said={3} />
    </QueryClientProvider>,
  )
const notes = {
  summary: '聊了保温杯和面膜，价格都确认过。',
  messages: 24,
  wishes: { must_not_say: ['价格', '库存'], seconds: 30 },
  written_by: 'offline',
  updated_at: '2026-11-22T10:00:00Z',
}
const nothing = { summary: '', messages: 0, wishes: {}, written_by: null, updated_at: null }

test('what is kept in mind is read when it is unfolded, told in words, and forgotten after one more question', async () => {
  const read = vi.spyOn(deskApi, 'notes').mockResolvedValue(notes)
  const forget = vi.spyOn(deskApi, 'forgetNotes').mockImplementation(async () => {
    read.mockResolvedValue(nothing)
    return {} as never
  })
  show()
  expect(read).not.toHaveBeenCalled()
  await userEvent.click(screen.getByText('记着的要求'))
  expect(await screen.findByText('价格 · 库存')).toBeInTheDocument()
  expect(screen.getByText('30 秒')).toBeInTheDocument()
  expect(screen.getByText(/前 24 条消息的摘要/)).toBeInTheDocument()
  await userEvent.click(screen.getByRole('button', { name: /忘 ?掉/ }))
  expect(await screen.findByText('忘掉记着的要求？')).toBeInTheDocument()
  expect(forget).not.toHaveBeenCalled()
  await userEvent.click(screen.getAllByRole('button', { name: /忘 ?掉/ }).at(-1) as HTMLElement)
  await waitFor(() => expect(forget).toHaveBeenCalledWith('t'))
  expect(await screen.findByText(/^还没有/)).toBeInTheDocument()
})

test('who may not write can read it and not take it away', async () => {
  may = false
  vi.spyOn(deskApi, 'notes').mockResolvedValue(notes)
  show()
  await userEvent.click(screen.getByText('记着的要求'))
  expect(await screen.findByText('价格 · 库存')).toBeInTheDocument()
  expect(screen.queryByRole('button', { name: /忘 ?掉/ })).toBeNull()
})

test('what another conversation had in mind is not shown while this one is read; the same goes on standing', async () => {
  const cache = new QueryClient()
  const at = (threadId: string, said: number) => (
    <QueryClientProvider client={cache}>
      <InMind threadId={threadId} said={said} />
    </QueryClientProvider>
  )
  const read = vi.spyOn(deskApi, 'notes').mockResolvedValue(notes)
  const { rerender } = render(at('t', 3))
  await userEvent.click(screen.getByText('记着的要求'))
  expect(await screen.findByText('价格 · 库存')).toBeInTheDocument()
  read.mockReturnValue(new Promise(() => {}))
  rerender(at('t', 4))
  expect(screen.getByText('价格 · 库存')).toBeInTheDocument()
  rerender(at('other', 4))
  expect(screen.queryByText('价格 · 库存')).toBeNull()
})
