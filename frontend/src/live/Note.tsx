import { Button, Input, type InputRef, Select } from 'antd'
import { Suspense, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PrompterState } from '../generated/protocol'
import { type Order, useServerTime } from '../room/useRoom'
import { useDesk } from '../shared/desk'
import { isPageKey } from '../shared/keys'
import { part } from '../shared/part'
import { useDraft } from '../shared/storage'
import { useKeydown } from '../shared/useKeydown'

const RestoredDraft = part(() => import('../shared/RestoredDraft'))

const TIMES = [5, 8, 15, 30, 60, 120]

/** A word for the host, flashed above the text; what is shown now is the server's word. */
export function Note({
  state,
  able,
  busy,
  order,
}: {
  state: PrompterState
  able: boolean
  busy: boolean
  order: (what: Order) => Promise<boolean>
}) {
  const { t } = useTranslation()
  const { may, socket } = useDesk()
  // A line that is down for a moment takes nobody's pen away.
  const writes = may('prompter.control')
  const now = useServerTime(socket)
  const [text, setText] = useDraft(`note:${state.room_id}`)
  const [restored, setRestored] = useState(text !== '')
  const [seconds, setSeconds] = useState(8)
  const field = useRef<InputRef>(null)
  const version = state.transport?.version ?? 0
  const { note } = state
  const shown = note && note.until_ms > now ? note : undefined

  useKeydown((event) => {
    if (event.key.toLowerCase() !== 't' || event.shiftKey || !isPageKey(event)) return
    event.preventDefault()
    field.current?.focus()
  })

  return (
    <section aria-labelledby="note-title">
      <h2 id="note-title">{t('live.note')}</h2>
      {shown && (
        <p className="live-note" role="status" data-testid="note-shown">
          <span>{t('live.noteShown', { text: shown.text })}</span>
          <Button
            size="small"
            disabled={!able}
            onClick={() => void order({ action: 'dismiss', version, note_id: shown.id })}
          >
            {t('live.noteAway')}
          </Button>
        </p>
      )}
      {restored && text !== '' && (
        <Suspense fallback={null}>
          <RestoredDraft
            onDiscard={() => {
              setText('')
              setRestored(false)
            }}
          />
        </Suspense>
      )}
      <form
        className="row live-note-form"
        onSubmit={(event) => {
          event.preventDefault()
          const said = text.trim()
          if (said && able)
            void order({ action: 'note', version, text: said, value: seconds }).then((done) => {
              if (!done) return
              setText('')
              setRestored(false)
            })
        }}
      >
        <Input
          ref={field}
          aria-label={t('live.noteText')}
          placeholder={t('live.notePlaceholder')}
          maxLength={200}
          disabled={!writes}
          value={text}
          onChange={({ target }) => setText(target.value)}
          onKeyDown={(event) => {
            // Out of the field, where letters are keys of the page; what is written stays.
            if (event.key === 'Escape' && !event.nativeEvent.isComposing) event.currentTarget.blur()
          }}
        />
        <Select
          aria-label={t('live.noteFor')}
          value={seconds}
          disabled={!writes}
          onChange={setSeconds}
          options={TIMES.map((value) => ({ value, label: t('live.noteSeconds', { seconds: value }) }))}
          style={{ width: 96 }}
        />
        <Button type="primary" htmlType="submit" loading={busy} disabled={!able || text.trim() === ''}>
          {t('live.noteSend')}
        </Button>
      </form>
    </section>
  )
}
