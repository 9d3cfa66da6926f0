import type { AnyFrame } from '../generated/protocol'

/** Frames of a topic carry no topic name where their content says it; this reads it off them. */
export function topicsOf(frame: AnyFrame): string[] {
  if ('topic' in frame) return [frame.topic]
  switch (frame.type) {
    case 'prompter_state':
    case 'prompter_displays':
    case 'prompter_display':
      return [`room:${frame.room_id}`]
    case 'interrupt':
    case 'interrupt_updated':
    case 'interrupt_resolved':
    case 'interrupt_expired':
      return frame.thread_id ? ['approvals', `thread:${frame.thread_id}`] : ['approvals']
    default:
      return 'thread_id' in frame && frame.thread_id ? [`thread:${frame.thread_id}`] : []
  }
}

/** The place in its thread's log of a lane A frame; `undefined` for every other frame. */
export function seqOf(frame: AnyFrame): number | undefined {
  return 'event_id' in frame && typeof frame.seq === 'number' ? frame.seq : undefined
}
