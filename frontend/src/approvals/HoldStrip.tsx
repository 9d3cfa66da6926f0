import { Button } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { scriptParams } from '../review/params'
import { useCommandKeys } from '../shared/commands'
import { useDesk, useSecondsUntil } from '../shared/desk'
import { clockTime } from '../shared/format'
import { isPageKey } from '../shared/keys'
import { useProblemText } from '../shared/problems'
import { lastOwn } from './bulk'
import type { QueueItem } from './queue'

/** Approved scripts on their way to the screen: each can be called back until then, by Z the one I approved last. */
export function HoldStrip({ items }: { items: readonly QueueItem[] }) {
  const { t } = useTranslation()
  const { me, socket } = useDesk()
  const problemText = useProblemText()
  const keyFor = useCommandKeys()
  const [problem, setProblem] = useState<unknown>(null)
  const undo = async (id: string) => {
    setProblem(null)
    try {
      await socket.send({ type: 'undo', id: keyFor(id), interrupt_id: id })
    } catch (error) {
      setProblem(error)
    }
  }
  const last = lastOwn(items, me.user.id)?.interrupt.id
  const key = useRef<(event: KeyboardEvent) => void>(() => {})
  key.current = (event) => {
    // Held down it must not call back one after the other.
    if (event.key.toLowerCase() !== 'z' || event.shiftKey || !last || event.repeat || !isPageKey(event))
      return
    event.preventDefault()
    void undo(last)
  }
  useEffect(() => {
    const listen = (event: KeyboardEvent) => key.current(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
  return (
    <section className="hold-strip" aria-label={t('node.hold')}>
      {problem !== null && (
        <p className="fact-bad" role="alert">
          {problemText(problem)}
        </p>
      )}
      {items.map((item) => (
        <Held
          key={item.interrupt.id}
          item={item}
          last={item.interrupt.id === last}
          onUndo={() => void undo(item.interrupt.id)}
        />
      ))}
    </section>
  )
}

function Held({ item, last, onUndo }: { item: QueueItem; last: boolean; onUndo: () => void }) {
  const { t } = useTranslation()
  const { interrupt } = item
  const left = useSecondsUntil(interrupt.on_air_at ?? interrupt.expires_at)
  return (
    <p className="row" data-testid="held-item">
      <strong>{scriptParams(interrupt.params).title || t('review.title')}</strong>
      <span className="state state-pending number">
        {t('review.onAirIn', { time: clockTime(Math.max(0, left)) })}
      </span>
      <Button size="small" danger disabled={left <= 0} onClick={onUndo} data-testid="undo-held">
        {t('review.undo')}
        {last && <kbd>Z</kbd>}
      </Button>
    </p>
  )
}
