import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import i18next from 'i18next'
import { afterEach, expect, test, vi } from 'vitest'
import '../i18n'
import { type Skill, settingsApi } from './api'
import Preflight from './Preflight'

afterEach(() => i18next.changeLanguage('zh-CN'))

const skill = { name: 'batch', inputs: { properties: {} }, required: [] } as unknown as Skill
const found = { allowed: true, ready: false, invalid: {} }
const ask = async () => {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Preflight skill={skill} />
    </QueryClientProvider>,
  )
  await userEvent.click(screen.getByTestId('check-batch'))
  return screen.findByTestId('preflight-found')
}

test.each([
  ['en', 'What is to be written?'],
  ['zh-CN', '要写哪些？'],
])('the first question is asked in the language of the page: %s', async (language, words) => {
  vi.spyOn(settingsApi, 'checkSkill').mockResolvedValue({
    ...found,
    missing: ['content'],
    question: '要写哪些？',
  })
  await i18next.changeLanguage(language)
  expect((await ask()).querySelector('q')).toHaveTextContent(words)
})

test('a question of tomorrow is quoted as it is asked', async () => {
  vi.spyOn(settingsApi, 'checkSkill').mockResolvedValue({
    ...found,
    missing: ['mood'],
    question: '什么心情？',
  })
  const quoted = (await ask()).querySelector('q')
  expect(quoted).toHaveTextContent('什么心情？')
  expect(quoted).toHaveAttribute('lang', 'zh-CN')
})
