import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { useProblemText } from '../shared/problems'
import { deskApi } from './api'
import type { Slots } from './useSend'

const durations = [15, 30, 45, 60, 90, 120, 180]

interface Props {
  slots: Slots
  onSlots: (slots: Slots) => void
  disabled: boolean
}

/** What a request is for, chosen instead of written. A chunk of its own: one can write before it is there. */
export default function SlotChoices({ slots, onSlots, disabled }: Props) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms })
  const products = useQuery({ queryKey: ['products'], queryFn: api.products })
  // Named with @; the room says who hosts otherwise.
  const hosts = useQuery({
    queryKey: ['desk', 'hosts'],
    queryFn: deskApi.hosts,
    enabled: Boolean(slots.host_id),
  })
  const slot = (
    name: keyof Slots,
    label: string,
    options: { value: string | number; label: ReactNode }[],
    unread?: unknown,
  ) => (
    <Select
      size="small"
      aria-label={label}
      placeholder={label}
      value={slots[name] ?? undefined}
      onChange={(chosen: string | number | undefined) => onSlots({ ...slots, [name]: chosen ?? null })}
      options={options}
      {...(unread ? { notFoundContent: problemText(unread) } : {})}
      allowClear
      showSearch={name === 'duration_seconds' ? false : { optionFilterProp: 'label' }}
      popupMatchSelectWidth={false}
      disabled={disabled}
      className="slot"
    />
  )
  const named = (rows: { id: string; name: string }[] | undefined) =>
    (rows ?? []).map(({ id, name }) => ({ value: id, label: name }))
  return (
    <>
      {slot('room_id', t('desk.slotRoom'), named(rooms.data), rooms.error)}
      {slot('product_id', t('desk.slotProduct'), named(products.data), products.error)}
      {slots.host_id && slot('host_id', t('detail.host'), named(hosts.data), hosts.error)}
      {slot(
        'duration_seconds',
        t('desk.slotDuration'),
        durations.map((seconds) => ({ value: seconds, label: t('desk.seconds', { seconds }) })),
      )}
    </>
  )
}
