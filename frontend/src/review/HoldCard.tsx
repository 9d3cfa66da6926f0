import '../i18n/addWork'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { InterruptView } from '../generated/protocol'
import { useCommandKeys } from '../shared/commands'
import { useDesk, useSecondsUntil } from '../shared/desk'
import { clockTime } from '../shared/format'
import { CommandRefused } from '../wire/socket'
import { scriptParams } from './params'
import { RefusalNotice } from './RefusalNotice'
import { StatusTag } from './StatusTag'
import type { Refusal } from './useDecision'

/** An approved script that is held until `until` and can be called back. */
export function HoldCard({ interrupt, until }: { interrupt: InterruptView; until: string }) {
  const { t } = useTranslation()
  const { may, socket } = useDesk()
  const left = useSecondsUntil(until)
  const keyFor = useCommandKeys()
  const [sent, setSent] = useState(false)
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const script = scriptParams(interrupt.params)
  const pending = interrupt.status === 'pending'
  const by = interrupt.params.approved_by

  const undo = async () => {
    setSent(true)
    setRefusal(null)
    try {
      await socket.send({ type: 'undo', id: keyFor(interrupt.id), interrupt_id: interrupt.id })
    } catch (error) {
      setSent(false)
      if (!(error instanceof CommandRefused)) throw error
      setRefusal({ code: error.code, message: error.message, details: error.details })
    }
  }
  return (
    <article
      className={`card approval approval-${interrupt.status}`}
      aria-label={t('node.hold')}
      data-testid="hold-card"
      data-status={interrupt.status}
    >
      <header className="card-head">
        <h2>{script.title || t('node.hold')}</h2>
        {pending ? (
          <span className="state state-pending number">{t('review.onAirIn', { time: clockTime(left) })}</span>
        ) : (
          <StatusTag status={interrupt.status} />
        )}
      </header>
      {pending && (
        <p className="muted">
          {t('review.held', { name: typeof by === 'string' ? by : t('review.system') })}
        </p>
      )}
      {refusal && <RefusalNotice refusal={refusal} onClose={() => setRefusal(null)} />}
      {pending && may('interrupt.decide') && (
        <footer className="card-actions">
          <Button danger disabled={left <= 0} loading={sent} onClick={() => void undo()} data-testid="undo">
            {t('review.undo')}
          </Button>
        </footer>
      )}
    </article>
  )
}
