import { render, screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import '../i18n'
import '../i18n/addShows'
import { ShowProgressBar } from './ShowProgressBar'

const none = {
  approved: 0,
  rejected: 0,
  failed: 0,
  skipped: 0,
  waiting: 0,
  writing: 0,
  queued: 0,
  planned: 0,
}
const parts = () =>
  [...screen.getByRole('progressbar').children].map(
    (part) => `${part.getAttribute('data-part')} ${(part as HTMLElement).style.flexGrow}`,
  )

test('what only waits is no progress: the bar and the number say the same', () => {
  render(<ShowProgressBar progress={{ ...none, total: 2, waiting: 2, left_seconds: 0 }} />)
  expect(parts()).toEqual(['approved 0', 'waiting 2'])
  const bar = screen.getByRole('progressbar')
  expect(bar).toHaveAttribute('aria-valuenow', '0')
  expect(bar).toHaveAttribute('aria-valuetext', expect.stringContaining('待审批 2'))
  expect(bar.parentElement).toHaveTextContent('已通过 0/2')
})

test('each part of the bar is as long as there are scripts in it, and has its words', () => {
  const progress = { ...none, total: 8, approved: 3, waiting: 2, writing: 1, queued: 1, failed: 1 }
  render(<ShowProgressBar progress={{ ...progress, left_seconds: 30 }} />)
  expect(parts()).toEqual(['approved 3', 'waiting 2', 'writing 2', 'failed 1'])
  expect(screen.getByTestId('show-progress')).toHaveTextContent(/已通过 3.*待审批 2.*生成中 2.*失败 1/)
})
