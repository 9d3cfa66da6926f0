import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { scriptParams } from '../review/params'
import { undoLatest } from '../review/undoKey'
import { api } from '../shared/api'
import { useCommandKeys } from '../shared/commands'
import { useDesk } from '../shared/desk'
import { moment } from '../shared/format'
import { SINGLE_KEYS } from '../shared/keys'
import { useProblemText } from '../shared/problems'
import { bodyOf, rest } from '../shared/rest'
import { recall } from '../shared/storage'
import { useKeydown } from '../shared/useKeydown'
import type { QueueItem } from './queue'

interface Outcome {
  readonly id: string
  readonly title: string
  /** Why it was refused; null: approved. */
  readonly problem: unknown
}

/** Approves several scripts in which nothing was found: asks once with the number, tells what became of each. */
export function Bulk({
  items,
  onClose,
  onDone,
}: {
  items: readonly QueueItem[]
  /** Nothing was sent. */
  onClose: () => void
  onDone: () => void
}) {
  const { t, i18n } = useTranslation()
  const { socket } = useDesk()
  const problemText = useProblemText()
  const keyFor = useCommandKeys()
  const policies = useQuery({
    queryKey: ['policies'],
    queryFn: () => bodyOf(rest.GET('/api/v1/tenant/policies')),
    staleTime: 0,
  })
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms, staleTime: 0 })
  /** For how many seconds an item can be called back; undefined: it is not put on screen by the approval. */
  const undoOf = ({ interrupt }: QueueItem) => {
    const { roomId, show } = scriptParams(interrupt.params)
    const room = rooms.data?.find(({ id }) => id === roomId)
    if (room?.by_hand && !show) return undefined
    return room?.undo_window ?? policies.data?.undo_window ?? 0
  }
  const undoText = (seconds: number | undefined) =>
    seconds === undefined
      ? t('approvalDesk.bulkByHand')
      : seconds > 0
        ? t('approvalDesk.bulkUndo', { seconds })
        : t('approvalDesk.bulkNoUndo')
  // What is confirmed is what was shown: whatever changes meanwhile is refused by its version.
  const [asked] = useState(items)
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>()
  const [busy, setBusy] = useState(false)
  const known = policies.data && rooms.data
  const mixed = new Set(asked.map(undoOf)).size > 1
  /** What tells it from another of the same title: where it goes, which segment, since when it waits. */
  const about = ({ params, at }: QueueItem['interrupt']) => {
    const { roomName, show, scenario } = scriptParams(params)
    const segment = scenario && i18n.exists(`scenario.${scenario}`) && t(`scenario.${scenario as 'opening'}`)
    const since = at && t('approvalDesk.askedAt', { time: moment(at, i18n.language) })
    return [show ?? roomName, segment, since].filter(Boolean).join(' · ')
  }
  const approve = async () => {
    setBusy(true)
    const told: Outcome[] = []
    for (const { threadId, interrupt } of asked) {
      const title = scriptParams(interrupt.params).title || t('review.title')
      const answer = {
        thread_id: threadId,
        interrupt_id: interrupt.id,
        version: interrupt.version,
        decision: 'approve',
      } as const
      // Approvals are never kept for when the line is back.
      const said = socket.send({ type: 'interrupt_response', id: keyFor(answer), ...answer }, { once: true })
      const problem: unknown = await said.then(() => null).catch((error: unknown) => error)
      told.push({ id: interrupt.id, title, problem })
      setOutcomes([...told])
    }
    setBusy(false)
  }
  // Z is meant for what was approved here, which the dialog hides.
  useKeydown(
    (event) => {
      if (event.key.toLowerCase() !== 'z' || event.shiftKey || event.ctrlKey || event.metaKey || event.repeat)
        return
      if (recall(SINGLE_KEYS) === 'off') return
      onDone()
      undoLatest()
    },
    outcomes !== undefined && !busy,
  )
  return (
    <Modal
      open
      title={
        outcomes && !busy
          ? t('approvalDesk.bulkDone', {
              count: outcomes.filter(({ problem }) => problem === null).length,
              of: asked.length,
            })
          : t('approvalDesk.bulkTitle', { count: asked.length })
      }
      onCancel={busy ? undefined : outcomes ? onDone : onClose}
      closable={!busy}
      footer={
        outcomes && !busy ? (
          <Button type="primary" autoFocus onClick={onDone}>
            {t('approvalDesk.close')}
          </Button>
        ) : (
          <>
            <Button onClick={onClose} disabled={busy}>
              {t('common.cancel')}
            </Button>
            <Button
              type="primary"
              autoFocus
              loading={busy}
              onClick={() => void approve()}
              data-testid="bulk-approve"
            >
              {t('approvalDesk.bulkApprove', { count: asked.length })}
            </Button>
          </>
        )
      }
    >
      <p className="muted">{t('approvalDesk.bulkHint')}</p>
      {known && (
        <p data-testid="bulk-undo">
          {mixed ? t('approvalDesk.bulkMixed') : undoText(asked[0] && undoOf(asked[0]))}
        </p>
      )}
      <ul className="bulk">
        {asked.map((item) => {
          const { interrupt } = item
          const outcome = outcomes?.find(({ id }) => id === interrupt.id)
          return (
            <li key={interrupt.id} data-testid="bulk-item">
              <span>
                {scriptParams(interrupt.params).title || t('review.title')}
                <span className="muted"> {about(interrupt)}</span>
              </span>
              {known && mixed && !outcome && <span className="muted">{undoText(undoOf(item))}</span>}
              {outcome &&
                (outcome.problem === null ? (
                  <span className="state state-approve">{t('interruptStatus.approve')}</span>
                ) : (
                  <Alert type="error" title={problemText(outcome.problem)} />
                ))}
            </li>
          )
        })}
      </ul>
    </Modal>
  )
}
