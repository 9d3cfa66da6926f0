import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { fireEvent, render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { App } from 'antd'
import { expect, test, vi } from 'vitest'
import '../i18n'
import { settingsApi } from './api'
import { Keeping } from './Keeping'

const known = {
  retention: { checkpoint_days: null, in_force_days: 30 },
  lifetimes: { script: null, note: 90, rejection: null },
}

test('what goes for good is asked about first, what stays longer is not, and only what was changed is sent', async () => {
  vi.spyOn(settingsApi, 'keeping').mockResolvedValue(known)
  const memories = vi.spyOn(settingsApi, 'keepMemories').mockResolvedValue(known.lifetimes)
  const versions = vi.spyOn(settingsApi, 'keepVersions').mockResolvedValue(known.retention)
  render(
    <QueryClientProvider client={new QueryClient()}>
      <App>
        <Keeping />
      </App>
    </QueryClientProvider>,
  )
  const type = async (label: string, days: string) => {
    const field = await screen.findByLabelText(label)
    fireEvent.change(field, { target: { value: days } })
  }
  const save = () => userEvent.click(screen.getByTestId('save-keeping'))
  expect(await screen.findByLabelText('运行的中间版本')).toHaveAttribute('placeholder', '30')

  await type('记忆：笔记', '0')
  expect(screen.getByRole('alert')).toHaveTextContent('1 到 3650')
  expect(screen.getByTestId('save-keeping')).toBeDisabled()

  await type('记忆：笔记', '180')
  await save()
  await waitFor(() => expect(memories).toHaveBeenCalledWith({ script: null, note: 180, rejection: null }))
  expect(screen.queryByText('缩短保留期限？')).toBeNull()
  expect(versions).not.toHaveBeenCalled()

  await type('运行的中间版本', '7')
  await save()
  expect(
    await screen.findByText('缩短的是「运行的中间版本」。超出新期限的会被删除，不能恢复。'),
  ).toBeInTheDocument()
  expect(versions).not.toHaveBeenCalled()
  await userEvent.click(screen.getByRole('button', { name: '缩短并删除' }))
  await waitFor(() => expect(versions).toHaveBeenCalledWith(7))
  expect(memories).toHaveBeenCalledTimes(1)
})
