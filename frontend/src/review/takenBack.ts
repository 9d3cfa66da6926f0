import type { InterruptView } from '../generated/protocol'

/** Who took a rejection back, and the question by which the text waits since, as far as it is known. */
export interface TakenBack {
  readonly name: string
  readonly id: string | undefined
}

type Params = Readonly<Record<string, unknown>>
type Back = { of: string; name: string } | undefined

/** What a question that was put up again says of the rejection that was taken back. */
export const backFrom = ({ taken_back }: Params): Back => read(taken_back)
/** What a question that was put up again says of the approval that was called back before it was on air. */
export const calledFrom = ({ called_back }: Params): Back => read(called_back)

function read(told: unknown): Back {
  if (typeof told !== 'object' || told === null) return undefined
  const { of, by_name } = told as Readonly<Record<string, unknown>>
  return typeof of === 'string' ? { of, name: typeof by_name === 'string' ? by_name : '' } : undefined
}

/** Whether, by whom and into what the rejection of a question was taken back. */
export function takenBack(interrupts: Iterable<InterruptView>, id: string): TakenBack | undefined {
  for (const { id: asked, params } of interrupts) {
    const back = backFrom(params)
    if (back?.of === id) return { name: back.name, id: asked }
  }
  return undefined
}

/** Whether `me` rejected it and may still take that back at `now`, the server's time in milliseconds. */
export function isUndoable({ status, by, undo_until }: InterruptView, me: string, now: number): boolean {
  return status === 'reject' && by?.id === me && !!undo_until && Date.parse(undo_until) > now
}
