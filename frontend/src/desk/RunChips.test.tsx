import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import { MemoryRouter } from 'react-router'
import { expect, test, vi } from 'vitest'
import '../i18n'
import { deskApi } from './api'
import RunChips from './RunChips'

test('a run tells which model answered instead of which, and what that cost', async () => {
  const call = {
    status: 'completed',
    input_tokens: 1200,
    output_tokens: 300,
    estimated: false,
    currency: 'CNY',
  }
  vi.spyOn(deskApi, 'callsOf').mockResolvedValue({
    items: [
      { ...call, model: 'main', status: 'failed', cost: '0', fallback_from: null, output_tokens: 0 },
      { ...call, model: 'spare', cost: '0.5', fallback_from: 'main' },
    ],
  } as never)
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MemoryRouter>
        <RunChips threadId="t" runId="r" over />
      </MemoryRouter>
    </QueryClientProvider>,
  )
  expect(await screen.findByText('spare')).toHaveClass('tag-info')
  expect(screen.getByText('代替 main')).toHaveClass('tag-warn')
  expect(screen.queryByText('main')).toBeNull()
  expect(screen.getByText(/输入 2,400 · 输出 300/)).toBeInTheDocument()
  expect(screen.getByText(/0\.50/)).toBeInTheDocument()
})
