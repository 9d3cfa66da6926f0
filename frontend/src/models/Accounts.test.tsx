import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { fireEvent, render, screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import '../i18n'
import '../i18n/addModels'
import { Accounts } from './Accounts'
import { modelsApi } from './api'

const sum = {
  group: '2026-11-22',
  currency: 'CNY',
  calls: 12,
  completed: 9,
  failed: 2,
  refused: 1,
  input_tokens: 12_000,
  output_tokens: 3_400,
  cached_tokens: 500,
  reasoning_tokens: 0,
  cost: '1.25',
}

test('calls are told added up by what was chosen, with what failed, and to be taken along', async () => {
  const asked = vi.spyOn(modelsApi, 'sums').mockImplementation(async (by) => ({
    by,
    items:
      by === 'day'
        ? [sum]
        : [
            { ...sum, group: 'script' },
            { ...sum, group: null },
          ],
    complete: by === 'day',
  }))
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Accounts />
    </QueryClientProvider>,
  )
  expect(await screen.findByText('2026-11-22')).toBeInTheDocument()
  expect(screen.getByText('12 · 失败 2 · 额度不够 1')).toBeInTheDocument()
  expect(screen.getByText(/12,000 \/ 3,400/)).toBeInTheDocument()
  expect(screen.getByText(/1\.25/)).toBeInTheDocument()
  expect(screen.getByText('日和月按 UTC 划分。')).toBeInTheDocument()
  const link = screen.getByRole('link', { name: /CSV/ })
  expect(new URL(link.getAttribute('href') ?? '', 'http://x').searchParams.get('since')).toBe(
    asked.mock.calls[0]?.[1],
  )
  fireEvent.mouseDown(screen.getByLabelText('按什么汇总'))
  fireEvent.click(await screen.findByTitle('用途'))
  expect(await screen.findByText('写话术')).toBeInTheDocument()
  expect(screen.getByText('–')).toBeInTheDocument()
  expect(screen.getByText('只显示前 2 组')).toBeInTheDocument()
})
