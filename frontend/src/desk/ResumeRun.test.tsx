import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import '../i18n'
import type { RunView } from '../generated/protocol'
import { NoticesProvider } from '../shared/notices'
import { deskApi } from './api'
import ResumeRun from './ResumeRun'

const failed = (elapsed_ms: number) =>
  ({ id: 'r', status: 'failed', steps: [{ node: 'script', elapsed_ms }] }) as unknown as RunView
const page = (run: RunView) => (
  <NoticesProvider>
    <ResumeRun threadId="t" run={run} />
  </NoticesProvider>
)

test('clicked twice, a failure is gone on from once; a later failure of the run is asked for anew', async () => {
  const resume = vi.spyOn(deskApi, 'resume').mockResolvedValue({} as never)
  const { rerender } = render(page(failed(1)))
  await userEvent.click(screen.getByTestId('resume-run'))
  await userEvent.click(screen.getByTestId('resume-run'))
  rerender(page(failed(2)))
  await userEvent.click(screen.getByTestId('resume-run'))
  const keys = resume.mock.calls.map(([, key]) => key)
  expect(keys[1]).toBe(keys[0])
  expect(keys[2]).not.toBe(keys[0])
})

test('what is refused is told, and can be asked for again', async () => {
  vi.spyOn(deskApi, 'resume').mockRejectedValue({ code: 'nothing_to_resume' })
  render(page(failed(1)))
  await userEvent.click(screen.getByTestId('resume-run'))
  expect(await screen.findByText('没有可以继续的任务。')).toBeInTheDocument()
  expect(screen.getByTestId('resume-run')).toBeEnabled()
})
