import type { Action } from '../shared/desk'

/** One stop of the tour: where it is, what is pointed at, and who has it. Its words are `tour.steps.<name>`. */
export interface Step {
  readonly name: 'ask' | 'pick' | 'progress' | 'approve' | 'show' | 'facts' | 'rules' | 'prompter' | 'keys'
  readonly path: string
  /** What is pointed at; where it is not on screen nothing is. */
  readonly target: string
  readonly asks?: Action
}

const steps: readonly Step[] = [
  { name: 'ask', path: '/console', target: '.welcome .options', asks: 'thread.write' },
  { name: 'pick', path: '/console', target: '.composer', asks: 'thread.write' },
  { name: 'progress', path: '/console', target: 'nav.threads', asks: 'thread.read' },
  { name: 'approve', path: '/approvals', target: 'nav.queue', asks: 'interrupt.decide' },
  { name: 'show', path: '/rundown', target: '[data-testid=new-show]', asks: 'thread.write' },
  { name: 'facts', path: '/products', target: 'main.page .ant-table-wrapper', asks: 'thread.read' },
  { name: 'rules', path: '/rules', target: 'main.page .rule-tabs', asks: 'rules.read' },
  { name: 'prompter', path: '/console', target: 'nav.pages a[href="/live"]' },
  { name: 'keys', path: '/console', target: '.top > .row' },
]

/** The stops for somebody who may do these things. */
export function stepsFor(may: (action: Action) => boolean): readonly Step[] {
  return steps.filter(({ asks }) => asks === undefined || may(asks))
}

export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

const corners = ['end-bottom', 'start-bottom', 'end-top', 'start-top'] as const
export type Corner = (typeof corners)[number]

/** The corner in which the panel covers least of what is pointed at; of equal ones the first: bottom right. */
export function cornerFor(
  target: Box,
  panel: { width: number; height: number },
  view: { width: number; height: number },
): Corner {
  const covered = (corner: Corner) => {
    const left = corner.startsWith('end') ? view.width - panel.width : 0
    const top = corner.endsWith('bottom') ? view.height - panel.height : 0
    const wide = Math.min(target.right, left + panel.width) - Math.max(target.left, left)
    const high = Math.min(target.bottom, top + panel.height) - Math.max(target.top, top)
    return Math.max(0, wide) * Math.max(0, high)
  }
  return corners.reduce((best, corner) => (covered(corner) < covered(best) ? corner : best))
}
