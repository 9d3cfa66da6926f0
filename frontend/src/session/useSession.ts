import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { api } from '../shared/api'
import { useDesk } from '../shared/desk'
import type { SessionState } from './session'
import { ThreadSession } from './session'

/** Follow a thread while it is on screen. */
export function useSession(threadId: string): ThreadSession {
  const { socket } = useDesk()
  const [session, setSession] = useState(() => new ThreadSession(socket, threadId, api.snapshot))
  useEffect(() => {
    const opened = new ThreadSession(socket, threadId, api.snapshot)
    setSession(opened)
    void opened.open()
    const stop = socket.onStatus((status) => {
      if (status.state === 'reconnecting') opened.away()
    })
    const deaf = socket.onFrame((frame) => {
      if (frame.type === 'degraded') opened.receive(frame)
    })
    return () => {
      stop()
      deaf()
      opened.close()
    }
  }, [socket, threadId])
  return session
}

export function useSessionState<T>(session: ThreadSession, select: (state: SessionState) => T): T {
  return useStore(session.state, select)
}
