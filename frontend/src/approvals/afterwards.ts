import { calledFrom } from '../review/takenBack'
import type { Queue, QueueItem } from './queue'

interface After {
  /** Who called it back before it was on screen; empty when that is not known. */
  called: string | undefined
  /** It went with its run: somebody took the request back. */
  withdrawn: boolean
  /** It was passed and is not on screen: checked once more, it held what must not be said, and waits in another question. */
  refused: boolean
  /** The question by which the same script, or what was made of it, waits now. */
  again: string | undefined
}

/** What became of a question since it was answered, as far as the queue knows. */
export function afterwards({ interrupt }: QueueItem, queue: Queue): After {
  const ofRun = [...queue.values()]
    .map(({ interrupt: other }) => other)
    .filter((other) => other.id !== interrupt.id && other.run_id && other.run_id === interrupt.run_id)
  const since = Date.parse(interrupt.resolved_at ?? '')
  const passed = interrupt.status === 'approve' || interrupt.status === 'edit'
  const hold =
    interrupt.status === 'undo'
      ? interrupt
      : ofRun.find(
          ({ status, resolved_at }) => passed && status === 'undo' && Date.parse(resolved_at ?? '') >= since,
        )
  // Whoever opens the page later hears of no hold that is over; the question that waits since tells of it.
  const told = ofRun.map(({ params }) => calledFrom(params ?? {})).find((back) => back?.of === interrupt.id)
  const called = hold ? (hold.by?.name ?? '') : told?.name
  const again = ofRun.find(({ status, on_air_at }) => status === 'pending' && on_air_at === null)
  return {
    called,
    withdrawn: interrupt.status === 'cancelled',
    refused:
      passed &&
      called === undefined &&
      interrupt.action === 'publish_script' &&
      again?.action === 'publish_script',
    again: again?.id,
  }
}
