import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, renderHook } from '@testing-library/react'
import type { ReactNode } from 'react'
import { expect, test, vi } from 'vitest'
import { type Skill, settingsApi } from './api'
import { useSkillChange } from './useSkillChange'

test('two quick changes of who may use a skill go out one after the other, the second upon the first', async () => {
  const cache = new QueryClient()
  const skill = { name: 'write', enabled: true, roles: ['admin'] } as unknown as Skill
  cache.setQueryData(['skills'], [skill])
  const roles = () => cache.getQueryData<Skill[]>(['skills'])?.[0]?.roles
  const answers: (() => void)[] = []
  const sent = vi
    .spyOn(settingsApi, 'changeSkill')
    .mockImplementation(
      (_, body) =>
        new Promise((resolve) => answers.push(() => resolve({ ...skill, ...body } as unknown as Skill))),
    )
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={cache}>{children}</QueryClientProvider>
  )
  const failed = vi.fn()
  const { result } = renderHook(() => useSkillChange(failed), { wrapper })
  act(() => void result.current.change(skill.name, { roles: ['admin', 'operator'] }))
  // What the select builds the next choice on.
  expect(roles()).toEqual(['admin', 'operator'])
  let done: Promise<void> | undefined
  act(() => {
    done = result.current.change(skill.name, { roles: ['admin', 'operator', 'approver'] })
  })
  await act(async () => undefined)
  expect(sent).toHaveBeenCalledTimes(1)
  await act(async () => answers[0]?.())
  expect(sent).toHaveBeenCalledTimes(2)
  expect(roles()).toEqual(['admin', 'operator', 'approver'])
  await act(async () => {
    answers[1]?.()
    await done
  })
  expect(roles()).toEqual(['admin', 'operator', 'approver'])
  expect(result.current.busy).toBeUndefined()
  expect(failed).not.toHaveBeenCalled()
})
