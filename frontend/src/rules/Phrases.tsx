import { DeleteOutlined } from '@ant-design/icons'
import { Button, Empty, Input } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Phrase } from './api'
import type { Editing } from './Effective'

/** What may be said although a rule would find something in it. */
export function Phrases({ draft, change, writes }: Editing) {
  const { t } = useTranslation()
  return (
    <div className="phrase-lists">
      {(['allow', 'brands'] as const).map((part) => (
        <PhraseList
          key={part}
          title={t(`rules.${part}`)}
          hint={t(part === 'allow' ? 'rules.allowHint' : 'rules.brandsHint')}
          phrases={draft[part]}
          writes={writes}
          onChange={(phrases) => change({ [part]: phrases })}
        />
      ))}
    </div>
  )
}

function PhraseList({
  title,
  hint,
  phrases,
  writes,
  onChange,
}: {
  title: string
  hint: string
  phrases: readonly Phrase[]
  writes: boolean
  onChange: (phrases: Phrase[]) => void
}) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [reason, setReason] = useState('')
  const add = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() === '') return
    onChange([
      ...phrases.filter((one) => one.text !== text.trim()),
      { text: text.trim(), reason: reason.trim() },
    ])
    setText('')
    setReason('')
  }
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      <p className="muted">{hint}</p>
      {writes && (
        <form className="row" onSubmit={add}>
          <Input
            aria-label={`${title} · ${t('rules.phrase')}`}
            placeholder={t('rules.phrase')}
            maxLength={60}
            value={text}
            onChange={(event) => setText(event.target.value)}
            style={{ width: 200 }}
          />
          <Input
            aria-label={`${title} · ${t('rules.reason')}`}
            placeholder={t('rules.reason')}
            maxLength={300}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            style={{ width: 220 }}
          />
          <Button htmlType="submit">{t('rules.addPhrase')}</Button>
        </form>
      )}
      {phrases.length === 0 ? (
        <Empty description={t('rules.noPhrases')} />
      ) : (
        <ul className="phrases">
          {phrases.map((phrase) => (
            <li key={phrase.text} className="row spread">
              <span>
                {phrase.text} <span className="muted">{phrase.reason}</span>
              </span>
              {writes && (
                <Button
                  type="text"
                  danger
                  icon={<DeleteOutlined />}
                  aria-label={t('rules.remove', { name: phrase.text })}
                  onClick={() => onChange(phrases.filter((one) => one !== phrase))}
                />
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
