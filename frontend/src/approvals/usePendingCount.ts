import { byUrgency } from './queue'
import { useQueue } from './useQueue'

/** How many decisions wait in this tenant. */
export function usePendingCount(): number {
  return byUrgency(useQueue().queue).length
}
