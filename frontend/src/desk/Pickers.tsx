import '../i18n/addDeskMore'
import { useQuery } from '@tanstack/react-query'
import { type Ref, useEffect, useId, useImperativeHandle, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { useProblemText } from '../shared/problems'
import { deskApi } from './api'
import { type Command, matching, type Pick, type Trigger } from './pickers'
import { templatesOf } from './templates'
import type { Slots } from './useSend'

/** What the composer asks of an open picker: whether a key was for it. */
export interface PickerKeys {
  take(key: string): boolean
}

interface Props {
  trigger: Trigger
  commands: readonly Command[]
  slots: Slots
  /** The text field the keys are typed into: it is told which choice is the present one. */
  field: () => HTMLTextAreaElement | null
  onPick: (pick: Pick) => void
  onClose: () => void
  ref: Ref<PickerKeys>
}

/** What can be picked for what was typed after `/`, `@` or `#`: a list above the field, moved through by its keys. */
export default function Pickers({ trigger, commands, slots, field, onPick, onClose, ref }: Props) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const id = useId()
  const { kind, query } = trigger
  const products = useQuery({ queryKey: ['products'], queryFn: api.products, enabled: kind !== 'command' })
  const hosts = useQuery({ queryKey: ['desk', 'hosts'], queryFn: deskApi.hosts, enabled: kind === 'subject' })
  const picks = useMemo<Pick[]>(() => {
    const rows = products.data ?? []
    switch (kind) {
      case 'command':
        return commands.map(({ name, ...rest }) => ({
          key: name,
          label: t(`command.${name}`),
          hint: `/${name}`,
          keywords: name,
          ...rest,
        }))
      case 'subject':
        return [
          ...rows.map((row) => ({
            key: row.id,
            label: row.name,
            hint: t('deskMore.product'),
            keywords: [row.brand, row.category].filter(Boolean).join(' '),
            insert: row.name,
            slots: { product_id: row.id },
          })),
          ...(hosts.data ?? []).map((row) => ({
            key: row.id,
            label: row.name,
            hint: t('deskMore.host'),
            insert: row.name,
            slots: { host_id: row.id },
          })),
        ]
      case 'template':
        return templatesOf(t, rows.find((row) => row.id === slots.product_id)?.name)
    }
  }, [kind, commands, products.data, hosts.data, slots.product_id, t])
  const found = useMemo(() => matching(picks, query), [picks, query])
  // What could not be read is not "nothing".
  const unread = kind === 'subject' && (products.error ?? hosts.error)
  const loading = kind !== 'command' && products.isPending
  const [at, setAt] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list is read from its beginning.
  useEffect(() => setAt(0), [kind, query])
  const present = found[Math.min(at, found.length - 1)]

  useEffect(() => {
    const area = field()
    if (!area) return
    area.setAttribute('aria-controls', id)
    area.setAttribute('aria-autocomplete', 'list')
    if (present) area.setAttribute('aria-activedescendant', `${id}-${present.key}`)
    return () => {
      for (const name of ['aria-controls', 'aria-autocomplete', 'aria-activedescendant'])
        area.removeAttribute(name)
    }
  }, [field, id, present])

  useImperativeHandle(ref, () => ({
    take(key) {
      if (key === 'Escape') {
        onClose()
        return true
      }
      // What is still being read is waited for.
      if (!present) return loading && key === 'Enter'
      if (key === 'ArrowDown') setAt((place) => (Math.min(place, found.length - 1) + 1) % found.length)
      else if (key === 'ArrowUp')
        setAt((place) => (Math.min(place, found.length - 1) + found.length - 1) % found.length)
      else if (key === 'Enter' || key === 'Tab') onPick(present)
      else return false
      return true
    },
  }))

  const names = { command: 'deskMore.commands', subject: 'deskMore.subjects', template: 'deskMore.templates' }
  const name = t(names[kind] as 'deskMore.commands')
  return (
    <div className="picker" data-testid="picker" data-kind={kind}>
      <p className="row spread muted">
        <span>{name}</span>
        <span>{t('deskMore.pickHint')}</span>
      </p>
      {found.length > 0 ? (
        <div role="listbox" id={id} aria-label={name}>
          {found.map((pick) => (
            // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, which names the present one.
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field's keys choose.
            <div
              key={pick.key}
              id={`${id}-${pick.key}`}
              role="option"
              aria-selected={pick === present}
              className="pick"
              // The focus stays in the field.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => onPick(pick)}
            >
              <span>{pick.label}</span>
              {pick.hint && <span className="muted">{pick.hint}</span>}
            </div>
          ))}
        </div>
      ) : (
        <p className="muted" role="status">
          {unread ? problemText(unread) : loading ? t('common.loading') : t('deskMore.nothing')}
        </p>
      )}
    </div>
  )
}
