import { act, cleanup, fireEvent, render, renderHook, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useHold } from './useHold'
import { usePace } from './usePace'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

function Button({ step, done }: { step: () => void; done: () => void }) {
  return (
    <button type="button" {...useHold(step, done)}>
      +
    </button>
  )
}

test('a button that is held goes on until it is let go of', () => {
  const [step, done] = [vi.fn(), vi.fn()]
  render(<Button step={step} done={done} />)
  const button = screen.getByText('+')
  button.setPointerCapture = () => undefined
  fireEvent.pointerDown(button, { button: 0, pointerId: 1 })
  expect(step).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(400 + 90 * 3)
  expect(step).toHaveBeenCalledTimes(5)
  expect(done).not.toHaveBeenCalled()
  fireEvent.pointerUp(button, { pointerId: 1 })
  fireEvent.lostPointerCapture(button, { pointerId: 1 })
  fireEvent.click(button, { detail: 1 })
  vi.advanceTimersByTime(5000)
  expect(step).toHaveBeenCalledTimes(5)
  expect(done).toHaveBeenCalledTimes(1)
})

test('the keyboard presses it once', () => {
  const [step, done] = [vi.fn(), vi.fn()]
  render(<Button step={step} done={done} />)
  fireEvent.click(screen.getByText('+'), { detail: 0 })
  expect([step.mock.calls.length, done.mock.calls.length]).toEqual([1, 1])
})

test('a pace is drawn at once, told now and then, and at the end', async () => {
  const tell = vi.fn(async (_: number) => true)
  const { result, rerender } = renderHook(({ said }) => usePace(said, tell), { initialProps: { said: 240 } })
  act(() => result.current.change(245))
  act(() => result.current.change(250))
  expect(result.current.pace).toBe(250)
  expect(tell).not.toHaveBeenCalled()
  await act(() => vi.advanceTimersByTimeAsync(250))
  expect(tell.mock.calls).toEqual([[250]])
  act(() => result.current.change(999))
  expect(result.current.pace).toBe(420)
  await act(async () => result.current.settle())
  expect(tell.mock.calls).toEqual([[250], [420]])
  // From here on the server's word counts, whatever it is.
  rerender({ said: 300 })
  expect(result.current.pace).toBe(300)
})
