import { recall, remember } from '../shared/storage'

const keyOf = (userId: string) => `cuedesk:tour:${userId}`

/** Whether somebody was offered the tour in this browser and has taken or declined it: then it is never offered again. */
export const tourSeen = (userId: string): boolean => recall(keyOf(userId)) !== ''

export const noteTourSeen = (userId: string): void => remember(keyOf(userId), 'seen')
