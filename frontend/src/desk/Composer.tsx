import { Sender } from '@ant-design/x'
import { Alert, Button, Tooltip } from 'antd'
import { Suspense, useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDesk } from '../shared/desk'
import { isPageKey } from '../shared/keys'
import { part } from '../shared/part'
import { useProblemText } from '../shared/problems'
import { useKeydown } from '../shared/useKeydown'
import { firstCharacters, lengthOf } from './characters'
import type { PickerKeys } from './Pickers'
import { type Command, type Pick, type Trigger, triggerAt, withPicked } from './pickers'
import type { Slots } from './useSend'

const SlotChoices = part(() => import('./SlotChoices'))
const Pickers = part(() => import('./Pickers'))

const MAX_CONTENT = 10_000

interface Props {
  value: string
  onChange: (value: string) => void
  onSend: (content: string, multitask?: 'interrupt') => void
  /** Stops what is being written. */
  onStop: (() => void) | undefined
  /** Takes back what waits for a decision; only by its own button. */
  onWithdraw: (() => void) | undefined
  sending: boolean
  refusal: { code: string; message: string; content: string } | null
  onDismiss: () => void
  slots: Slots
  onSlots: (slots: Slots) => void
  /** The last thing this person said, for the ↑ key. */
  lastSaid: string | undefined
  /** What can be done here by `/`. */
  commands: readonly Command[]
  /** Whether one was writing on the page before: one writes on here. */
  writing?: boolean
}

/**
 * What Esc closes by itself: it means that, and not the page. The focus goes into an opened menu a moment after it is seen,
 * and is on its button until then.
 */
const CLOSES =
  '[aria-expanded=true], [role=menu], [role=listbox], [role=dialog], .ant-popover, .ant-dropdown, .ant-dropdown-open'

/** Where one asks: text, what it is for, send and stop. The text stays until the server took it. */
export function Composer(props: Props) {
  const { value, onChange, onSend, onStop, onWithdraw, sending, refusal, onDismiss } = props
  const { slots, onSlots, lastSaid, commands, writing } = props
  const { t } = useTranslation()
  const { may } = useDesk()
  const problemText = useProblemText()
  const box = useRef<HTMLDivElement>(null)
  const writes = may('thread.write')
  const [asked, setAsked] = useState<{ trigger: Trigger | undefined; text: string }>()
  /** How many characters of what was typed or pasted last found no room. */
  const [cut, setCut] = useState(0)
  const picker = useRef<PickerKeys>(null)
  const field = useCallback(() => box.current?.querySelector('textarea') ?? null, [])
  // What was sent or put there otherwise asks for nothing.
  const trigger = asked?.text === value ? asked.trigger : undefined
  const close = () => setAsked(undefined)
  const picking =
    writes && trigger && (trigger.kind !== 'command' || commands.length > 0) ? trigger : undefined

  const change = (text: string) => {
    const kept = firstCharacters(text, MAX_CONTENT)
    onChange(kept)
    setCut(kept === text ? 0 : lengthOf(text) - lengthOf(kept))
    setAsked({ trigger: triggerAt(kept, field()?.selectionStart ?? kept.length), text: kept })
  }
  const pick = (chosen: Pick) => {
    if (!trigger) return
    const { text, caret } = withPicked(value, trigger, chosen.insert ?? '')
    close()
    onChange(text)
    if (chosen.slots) onSlots({ ...slots, ...chosen.slots })
    requestAnimationFrame(() => {
      field()?.focus()
      field()?.setSelectionRange(caret, caret)
    })
    chosen.run?.()
  }

  useEffect(() => {
    if (writing) field()?.focus({ preventScroll: true })
  }, [writing, field])
  useKeydown((event) => {
    if (event.key === '/' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      field()?.focus()
      return
    }
    // In the field its own keys come first; what else Esc closes is not the text under way.
    if (event.key !== 'Escape' || event.defaultPrevented || event.repeat || !isPageKey(event)) return
    if (event.target instanceof Element && event.target.closest(CLOSES)) return
    onStop?.()
  })

  const submit = (content: string) => {
    if (content.trim() && !sending && writes) onSend(content)
  }
  const onKeyDown = (event: React.KeyboardEvent): false | undefined => {
    if (event.nativeEvent.isComposing) return undefined
    // The list itself may still be on its way: a choice is not sent as it was typed.
    if (picking && !event.shiftKey && (picker.current?.take(event.key) ?? event.key === 'Enter')) {
      event.preventDefault()
      return false
    }
    if (event.key === 'Enter' && !event.shiftKey && event.target instanceof HTMLTextAreaElement) {
      // The field itself is asked: what was typed last may not have been drawn yet.
      event.preventDefault()
      submit(event.target.value)
      return false
    }
    if (event.key === 'Escape') {
      if (onStop) onStop()
      // Out of the field, where letters are keys of the page.
      else box.current?.closest('main')?.querySelector<HTMLElement>('.chat-list')?.focus()
      return false
    }
    if (event.key === 'ArrowUp' && value === '' && lastSaid) {
      event.preventDefault()
      onChange(lastSaid)
      return false
    }
    return undefined
  }
  const length = value.length > MAX_CONTENT - 500 ? lengthOf(value) : 0
  const withdraws = refusal?.code === 'interrupt_pending'
  const interrupts = withdraws || refusal?.code === 'thread_busy'
  return (
    <div className="composer" ref={box}>
      {refusal && (
        <Alert
          type="warning"
          showIcon
          closable={{ onClose: onDismiss }}
          title={problemText(refusal)}
          data-testid="send-refused"
          action={
            interrupts && (
              <Button
                size="small"
                onClick={() => onSend(value.trim() ? value : refusal.content, 'interrupt')}
              >
                {t(withdraws ? 'desk.withdrawAndSend' : 'desk.stopAndSend')}
              </Button>
            )
          }
        />
      )}
      {picking && (
        <Suspense fallback={null}>
          <Pickers
            ref={picker}
            trigger={picking}
            commands={commands}
            slots={slots}
            field={field}
            onPick={pick}
            onClose={close}
          />
        </Suspense>
      )}
      <Sender
        value={value}
        onChange={change}
        onSubmit={submit}
        onKeyDown={onKeyDown}
        submitType="enter"
        readOnly={!writes}
        placeholder={writes ? t('desk.placeholder') : t('desk.mayNotWrite')}
        autoSize={{ minRows: 2, maxRows: 8 }}
        suffix={false}
        footer={
          <div className="row spread composer-foot">
            <div className="row">
              <Suspense fallback={<span className="slot" />}>
                <SlotChoices slots={slots} onSlots={onSlots} disabled={!writes} />
              </Suspense>
            </div>
            <div className="row">
              {cut > 0 && value && <span role="status">{t('desk.cut', { count: cut })}</span>}
              {length > MAX_CONTENT - 500 && (
                <span className="muted number">
                  {length} / {MAX_CONTENT}
                </span>
              )}
              {onStop && (
                <Button
                  danger
                  onClick={() => {
                    onStop()
                    // The button goes with the run.
                    field()?.focus()
                  }}
                  data-testid="stop"
                >
                  {t('desk.stop')}
                  <kbd>Esc</kbd>
                </Button>
              )}
              {onWithdraw && (
                <Button danger onClick={onWithdraw} data-testid="withdraw">
                  {t('desk.withdraw')}
                </Button>
              )}
              <Tooltip title={writes ? undefined : t('desk.mayNotWrite')}>
                <Button
                  type="primary"
                  loading={sending}
                  disabled={!writes || !value.trim()}
                  onClick={() => {
                    submit(value)
                    // The button is dead while it is being sent, and one writes on.
                    field()?.focus()
                  }}
                  data-testid="send"
                >
                  {t('desk.send')}
                  <kbd>Enter</kbd>
                </Button>
              </Tooltip>
            </div>
          </div>
        }
      />
    </div>
  )
}
