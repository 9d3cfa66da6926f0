import '../i18n/addCommand'
import '../i18n/addExperiments'
import '../i18n/addModels'
import '../i18n/addWork'
import { SearchOutlined } from '@ant-design/icons'
import { Modal } from 'antd'
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDesk } from '../shared/desk'
import { useProblemText } from '../shared/problems'
import { type Entry, ranked } from './ranking'
import { noteRecent, recents } from './recent'
import { type Frame, useEntries } from './useEntries'

/** Go anywhere and do anything by a few letters: pages, threads, products, hosts, rooms, approvals, actions. */
export default function CommandBar({ frame, onClose }: { frame: Frame; onClose: () => void }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const { me } = useDesk()
  const id = useId()
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const { entries, reading, problem } = useEntries(frame, typed)
  const [recent] = useState(() => recents(me.user.id))
  const shown = useMemo(() => ranked(entries, typed, recent), [entries, typed, recent])
  const place = Math.min(at, shown.length - 1)
  const present = shown[place]
  const list = useRef<HTMLDivElement>(null)
  const chosen = useRef<Entry>(undefined)

  useEffect(() => {
    list.current?.children[place]?.scrollIntoView({ block: 'nearest' })
  }, [place])

  const choose = (entry: Entry) => {
    noteRecent(me.user.id, entry)
    chosen.current = entry
    onClose()
    entry.run()
  }
  const keys = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'ArrowDown') setAt((place + 1) % Math.max(1, shown.length))
    else if (event.key === 'ArrowUp') setAt((place + shown.length - 1) % Math.max(1, shown.length))
    else if (event.key === 'Enter' && present) choose(present)
    else return
    event.preventDefault()
  }
  return (
    <Modal
      open
      closable={false}
      footer={null}
      onCancel={onClose}
      className="command-bar"
      width={640}
      title={<span className="visually-hidden">{t('commandBar.title')}</span>}
      data-testid="command-bar"
    >
      <label className="command-field">
        <SearchOutlined />
        <span className="visually-hidden">{t('commandBar.title')}</span>
        <input
          // biome-ignore lint/a11y/noAutofocus: the bar was asked for to be typed into.
          autoFocus
          role="combobox"
          aria-expanded
          aria-autocomplete="list"
          aria-controls={id}
          aria-activedescendant={present && `${id}-${present.id}`}
          placeholder={t('commandBar.hint')}
          maxLength={100}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            setAt(0)
          }}
          onKeyDown={keys}
        />
      </label>
      <div ref={list} id={id} role="listbox" aria-label={t('commandBar.title')} className="command-list">
        {shown.map((entry) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, which names the present one.
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field's keys choose.
          <div
            key={entry.id}
            id={`${id}-${entry.id}`}
            role="option"
            aria-selected={entry === present}
            className="command-entry"
            data-testid="command-entry"
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => choose(entry)}
          >
            <span className="command-label">{entry.label}</span>
            {entry.keys && <kbd>{entry.keys}</kbd>}
            <span className="muted command-kind">{t(`commandKind.${entry.kind}`)}</span>
          </div>
        ))}
      </div>
      <p className="muted command-foot" role="status">
        {shown.length > 0
          ? t('commandBar.foot')
          : reading
            ? t('common.loading')
            : problem
              ? problemText(problem)
              : t('commandBar.nothing', { typed })}
      </p>
    </Modal>
  )
}
