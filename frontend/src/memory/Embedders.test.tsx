import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { App } from 'antd'
import { expect, test, vi } from 'vitest'
import '../i18n'
import '../i18n/addMemory'
import { memoryApi } from './api'
import { Embedders } from './Embedders'

const one = { started_at: '2026-11-01T10:00:00Z', documents: 40 }
const serving = {
  ...one,
  name: 'e5',
  state: 'complete' as const,
  serving: true,
  read: 40,
  completed_at: '2026-11-01T10:01:00Z',
}
const before = { ...serving, name: 'hash', serving: false }
const building = {
  ...one,
  name: 'bge',
  state: 'building' as const,
  serving: false,
  read: 10,
  completed_at: null,
}

test('the embedder that serves stays, a complete one can take over, one that still reads cannot', async () => {
  vi.spyOn(memoryApi, 'embedders').mockResolvedValue({ items: [serving, before, building] })
  const serve = vi.spyOn(memoryApi, 'serve').mockResolvedValue({ items: [] })
  const drop = vi.spyOn(memoryApi, 'drop').mockResolvedValue({} as never)
  render(
    <QueryClientProvider client={new QueryClient()}>
      <App>
        <Embedders />
      </App>
    </QueryClientProvider>,
  )
  const rows = await screen.findAllByRole('listitem')
  const [first, second, third] = rows as [HTMLElement, HTMLElement, HTMLElement]
  expect(within(first).getByText('使用中')).toBeInTheDocument()
  expect(within(first).queryByRole('button')).toBeNull()
  expect(within(third).getByText(/已读 10 \/ 40 条/)).toBeInTheDocument()
  expect(within(third).getByRole('button', { name: /换 ?用/ })).toBeDisabled()
  await userEvent.click(within(second).getByRole('button', { name: /换 ?用/ }))
  await screen.findByRole('dialog')
  expect(serve).not.toHaveBeenCalled()
  await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: /换 ?用/ }))
  await waitFor(() => expect(serve).toHaveBeenCalledWith('hash'))
  expect(drop).not.toHaveBeenCalled()
})
