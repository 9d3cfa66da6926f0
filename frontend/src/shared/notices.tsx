import { message } from 'antd'
import type { MessageInstance } from 'antd/es/message/interface'
import { createContext, type ReactNode, useContext } from 'react'

const Notices = createContext<MessageInstance | undefined>(undefined)

/**
 * What happened, said for a moment at the top of the page. antd's own `App` brings its dialogs along, which are larger
 * than a conversation.
 */
export function NoticesProvider({ children }: { children: ReactNode }) {
  const [notices, holder] = message.useMessage()
  return (
    <Notices value={notices}>
      {holder}
      {children}
    </Notices>
  )
}

/** Say something for a moment; only below a `NoticesProvider`. */
export function useNotices(): MessageInstance {
  const notices = useContext(Notices)
  if (!notices) throw new Error('no NoticesProvider above')
  return notices
}
