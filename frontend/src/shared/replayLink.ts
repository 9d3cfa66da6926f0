/** How a link names the moment of a replay at which people were asked, or at which that was decided. */
export const askedKey = (interruptId: string) => `ask-${interruptId}`
export const decidedKey = (interruptId: string) => `decide-${interruptId}`

/** Where a thread is played again, from a moment on if one is named. */
export const replayLink = (threadId: string, at?: string) =>
  `/replay/${threadId}${at ? `?at=${encodeURIComponent(at)}` : ''}`
