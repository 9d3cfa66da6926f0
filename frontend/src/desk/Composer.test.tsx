import { fireEvent, render, screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import '../i18n'
import '../i18n/addWork'
import { Composer } from './Composer'

vi.mock('../shared/desk', () => ({ useDesk: () => ({ may: () => true }) }))
vi.mock('./SlotChoices', () => ({ default: () => null }))

const refused = (value: string) => {
  const onSend = vi.fn()
  const nothing = () => {}
  render(
    <Composer
      value={value}
      onChange={nothing}
      onSend={onSend}
      onStop={undefined}
      onWithdraw={undefined}
      sending={false}
      refusal={{ code: 'interrupt_pending', message: '', content: '换成面模' }}
      onDismiss={nothing}
      slots={{}}
      onSlots={nothing}
      lastSaid={undefined}
      commands={[]}
    />,
  )
  fireEvent.click(screen.getByRole('button', { name: /撤回待审稿并发送/ }))
  return onSend
}

test('what is sent after all is what stands in the field by now', () => {
  expect(refused('换成面膜，促销')).toHaveBeenCalledWith('换成面膜，促销', 'interrupt')
})

test('with an empty field it is what was refused', () => {
  expect(refused(' ')).toHaveBeenCalledWith('换成面模', 'interrupt')
})
