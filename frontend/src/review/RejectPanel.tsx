import '../i18n/addReasons'
import { Button, Input, Tooltip } from 'antd'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import { isPageKey } from '../shared/keys'
import { useDraft } from '../shared/storage'
import { useKeydown } from '../shared/useKeydown'
import { feedbackFor, isReason, type RejectReason, reasons } from './reasons'
import type { Choice } from './useDecision'

interface Props {
  interruptId: string
  /** The question whose rejection was taken back, in whose stead this one is asked. */
  before: string | undefined
  /** A colleague has taken it over: nothing is changed, and what was typed is kept. */
  locked: boolean
  words: string
  onWords: (words: string) => void
  /** Whether it may be decided now; else why not. */
  ready: boolean
  why: string | undefined
  busy: boolean
  /** Its digits count wherever the focus is: it is what the page is about. */
  hotkeys: boolean
  onDecide: (choice: Choice) => void
  onLeave: () => void
}

/** Says no: with one of nine reasons that are counted, and words of one's own beside it. */
export default function RejectPanel(props: Props) {
  const { interruptId, before, locked, words, onWords, ready, why, busy, hotkeys, onDecide, onLeave } = props
  const { me } = useDesk()
  const { t } = useTranslation()
  const [kept, setKept] = useDraft(`reject:${interruptId}`)
  const reason = isReason(kept) ? kept : undefined
  const panel = useRef<HTMLDivElement>(null)
  const feedback = feedbackFor(reason, words)
  const rewrites = feedback !== undefined

  const reject = (says: string | undefined) => {
    if (!ready) return
    onDecide({ decision: 'reject', ...(says && { feedback: says }), ...(reason && { reason }) })
  }
  useEffect(() => {
    const radio = (which: string) => panel.current?.querySelector<HTMLElement>(which)
    ;(radio('input:checked') ?? radio('input'))?.focus()
  }, [])
  const empty = useRef(true)
  empty.current = !words && !kept
  const takeUp = useRef<(said: RejectReason | undefined, told: string) => void>(() => {})
  takeUp.current = (said, told) => {
    if (said) setKept(said)
    if (told) onWords(told)
  }
  useEffect(() => {
    if (!before || !empty.current) return
    let over = false
    // Who rejects anew what they took back mostly says the same, and something more. Unread it is just not offered.
    api
      .interrupt(before)
      .then(({ decided_by, decision }) => {
        if (over || !empty.current || decided_by?.id !== me.user.id) return
        const [said, told] = [String(decision?.reason ?? ''), String(decision?.feedback ?? '')]
        const known = isReason(said) ? said : undefined
        takeUp.current(known, told === feedbackFor(known, '') ? '' : told)
      })
      .catch(() => undefined)
    return () => {
      over = true
    }
  }, [before, me.user.id])
  // With the panel itself: until it is there the card takes the digit, and none may fall between the two.
  useKeydown((event) => {
    const here = event.target instanceof Node && panel.current?.contains(event.target)
    if (event.isComposing || event.repeat || (!here && !hotkeys)) return
    if (event.key === 'Enter' && here && (event.ctrlKey || event.metaKey)) reject(feedback)
    else if (!isPageKey(event)) return
    else if (/^[1-9]$/.test(event.key)) choose(reasons[Number(event.key) - 1])
    else if (event.key === 'Enter' && here && isRadio(event.target)) reject(feedback)
    else return
    event.preventDefault()
  })
  const choose = (chosen: RejectReason | undefined) => {
    if (locked) return
    setKept(chosen === undefined || chosen === reason ? '' : chosen)
    panel.current?.querySelector<HTMLElement>(`input[value=${chosen}]`)?.focus()
  }

  return (
    <div ref={panel} className="reject-panel" data-testid="reject-panel">
      <fieldset className="reasons">
        <legend>{t('rejecting.why')}</legend>
        {reasons.map((one, place) => (
          <label key={one} className="reason">
            <input
              type="radio"
              name={`reason-${interruptId}`}
              value={one}
              checked={one === reason}
              disabled={locked}
              onChange={() => setKept(one)}
            />
            <kbd>{place + 1}</kbd>
            {t(`rejectReason.${one}`)}
          </label>
        ))}
      </fieldset>
      <Input.TextArea
        aria-label={t('rejecting.words')}
        placeholder={t(reason && reason !== 'not_needed' ? 'rejecting.wordsHint' : 'review.reasonHint')}
        value={words}
        readOnly={locked}
        onChange={(event) => onWords(event.target.value)}
        autoSize={{ minRows: 2, maxRows: 6 }}
        maxLength={2000}
        data-testid="approval-reason"
      />
      <div className="card-actions">
        <Tooltip title={why}>
          <Button
            danger
            type="primary"
            disabled={!ready}
            loading={busy}
            onClick={() => reject(feedback)}
            data-testid="submit-reject"
          >
            {t(rewrites ? 'review.rejectRewrite' : 'review.rejectEnd')}
          </Button>
        </Tooltip>
        {rewrites && !words.trim() && (
          <Button danger disabled={!ready} onClick={() => reject(undefined)} data-testid="reject-end">
            {t('rejecting.end')}
          </Button>
        )}
        <Button onClick={onLeave}>
          {t('review.back')}
          {hotkeys && <kbd>Esc</kbd>}
        </Button>
        <span className="muted">{why ?? t('rejecting.hint')}</span>
      </div>
    </div>
  )
}

const isRadio = (target: EventTarget | null) => target instanceof HTMLInputElement && target.type === 'radio'
