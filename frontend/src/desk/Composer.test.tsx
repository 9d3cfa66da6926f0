import { fireEvent, render, screen } from '@testing-library/react'
import { useState } from 'react'
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

test('what finds no room is told, and no more when it was shortened', () => {
  const Field = () => {
    const [value, setValue] = useState('')
    return (
      <Composer
        value={value}
        onChange={setValue}
        onSend={() => {}}
        onStop={undefined}
        onWithdraw={undefined}
        sending={false}
        refusal={null}
        onDismiss={() => {}}
        slots={{}}
        onSlots={() => {}}
        lastSaid={undefined}
        commands={[]}
      />
    )
  }
  render(<Field />)
  const field = screen.getByRole<HTMLTextAreaElement>('textbox')
  fireEvent.change(field, { target: { value: '长'.repeat(10_007) } })
  expect(field.value).toHaveLength(10_000)
  expect(screen.getByRole('status')).toHaveTextContent('最后 7 个字没有放进来')
  fireEvent.change(field, { target: { value: '长'.repeat(9_999) } })
  expect(screen.queryByRole('status')).toBeNull()
})
