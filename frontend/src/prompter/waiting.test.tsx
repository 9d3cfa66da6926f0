import { render, screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { Waiting } from './Extras'

vi.mock('./code', () => ({
  QRCodeSVG: ({ value, title }: { value: string; title: string }) => <img alt={title} src={value} />,
}))

test('a phone is led to the remote of this room, by the address of this page', async () => {
  vi.stubGlobal('location', { ...location, origin: 'https://desk.example', hostname: 'desk.example' })
  render(<Waiting open={() => {}} room="r1" />)
  const code = await screen.findByAltText('打开遥控的二维码')
  expect(code.getAttribute('src')).toBe('https://desk.example/remote?room=r1')
  vi.unstubAllGlobals()
})
