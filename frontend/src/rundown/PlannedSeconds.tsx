import { InputNumber } from 'antd'
import { Suspense, useEffect, useState } from 'react'
import type { ShowItemView } from '../generated/protocol'
import { part } from '../shared/part'
import { useDraft } from '../shared/storage'

const RestoredDraft = part(() => import('../shared/RestoredDraft'))

/** How long one script of a plan is to be; what was typed and did not reach the server is there after a reload. */
export function PlannedSeconds({
  item,
  label,
  onSet,
}: {
  item: ShowItemView
  label: string
  /** `null`: as long as the plan has it. */
  onSet: (seconds: number | null) => void
}) {
  const planned = item.planned_seconds
  const [typed, setTyped] = useDraft(`seconds:${item.id}`)
  const [restored, setRestored] = useState(typed !== '' && Number(typed) !== planned)
  useEffect(() => {
    // It has arrived.
    if (typed !== '' && Number(typed) === planned) setTyped('')
  }, [typed, planned, setTyped])
  return (
    <>
      <InputNumber
        key={`${restored}`}
        size="small"
        min={5}
        max={1800}
        precision={0}
        defaultValue={restored ? Number(typed) : planned}
        aria-label={label}
        onChange={(seconds) => setTyped(seconds === null || seconds === planned ? '' : String(seconds))}
        onBlur={({ target: { value } }) => {
          const seconds = Number(value)
          if (value === '') onSet(null)
          else if (seconds >= 5 && seconds <= 1800 && seconds !== planned) onSet(seconds)
        }}
        onPressEnter={({ target }) => (target as HTMLElement).blur()}
      />
      {restored && (
        <Suspense fallback={null}>
          <RestoredDraft
            onDiscard={() => {
              setTyped('')
              setRestored(false)
            }}
          />
        </Suspense>
      )}
    </>
  )
}
