import { act, render, screen } from '@testing-library/react'
import { Component, type ReactNode, Suspense } from 'react'
import { afterEach, expect, test, vi } from 'vitest'
import { part } from './part'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const missing = () => Promise.reject(new TypeError('Failed to fetch dynamically imported module'))

class Page extends Component<{ children: ReactNode }> {
  override state = { broken: false }
  static getDerivedStateFromError = () => ({ broken: true })
  override render() {
    return this.state.broken ? <p>broken</p> : <Suspense fallback={null}>{this.props.children}</Suspense>
  }
}

test('a part whose file cannot be had comes when the server does, and the page stays', async () => {
  vi.useFakeTimers()
  let away = true
  vi.stubGlobal('fetch', () =>
    away ? Promise.reject(new TypeError('refused')) : Promise.resolve({ ok: true }),
  )
  const load = vi.fn(() => (away ? missing() : Promise.resolve({ default: () => <p>here</p> })))
  const Part = part(load)
  render(
    <Page>
      <Part />
    </Page>,
  )
  await act(() => vi.advanceTimersByTimeAsync(10_000))
  expect(screen.queryByText('broken')).toBeNull()
  expect(load).toHaveBeenCalledTimes(1)
  away = false
  await act(() => vi.advanceTimersByTimeAsync(2000))
  screen.getByText('here')
})

test('a file that the server does not have is the page’s to mend', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve({ ok: true }))
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const load = vi.fn(missing)
  const Part = part(load)
  render(
    <Page>
      <Part />
    </Page>,
  )
  await screen.findByText('broken')
  expect(load).toHaveBeenCalledTimes(2)
})
