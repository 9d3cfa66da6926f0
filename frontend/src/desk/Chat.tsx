import { ArrowDownOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { VList, type VListHandle } from 'virtua'
import type { Option } from '../generated/protocol'
import { backFrom } from '../review/takenBack'
import type { ThreadSession } from '../session/session'
import { useSessionState } from '../session/useSession'
import { useDesk } from '../shared/desk'
import { EntryRow } from './EntryRow'
import { timeline } from './timeline'

const NEAR_END_PX = 48

interface Props {
  session: ThreadSession
  /** The same function every time: whoever types beside the conversation must not have it drawn again. */
  onAnswer: (option: Option) => void
}

/** The conversation: only what is visible is in the page; it stays at its end unless one scrolls up. */
export const Chat = memo(function Chat({ session, onAnswer }: Props) {
  const { may } = useDesk()
  const writes = may('thread.write')
  const { t } = useTranslation()
  const thread = useSessionState(session, (state) => state.thread)
  const entries = useMemo(() => timeline(thread), [thread])
  const backs = useMemo(
    () =>
      new Map(
        thread.interrupts.flatMap(({ id, params }) => {
          const back = backFrom(params)
          return back ? [[back.of, { name: back.name, id }]] : []
        }),
      ),
    [thread.interrupts],
  )
  const lastMessage = thread.messages.at(-1)?.id
  const lastRun = thread.runs.at(-1)?.id
  const list = useRef<VListHandle>(null)
  const box = useRef<HTMLDivElement>(null)
  const sticking = useRef(true)
  const [away, setAway] = useState(false)

  const toEnd = useCallback(() => {
    const handle = list.current
    if (handle) handle.scrollTo(handle.scrollSize)
  }, [])
  const measure = useCallback(() => {
    const handle = list.current
    if (!handle) return
    sticking.current = handle.scrollSize - handle.scrollOffset - handle.viewportSize < NEAR_END_PX
    setAway(!sticking.current)
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: new entries are what moves the end.
  useLayoutEffect(() => {
    if (sticking.current) toEnd()
  }, [entries, toEnd])
  useEffect(() => {
    const content = box.current?.firstElementChild?.firstElementChild
    if (!content) return
    const observer = new ResizeObserver(() => {
      if (sticking.current) toEnd()
    })
    observer.observe(content)
    if (box.current) observer.observe(box.current)
    return () => observer.disconnect()
  }, [toEnd])
  // Only the reader's own gesture lets go of the end; text that grows faster than it is followed must not.
  const gesture = useCallback(() => requestAnimationFrame(measure), [measure])

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only watches whether the reader scrolls.
    <div
      className="chat"
      ref={box}
      onWheel={gesture}
      onTouchMove={gesture}
      onKeyUp={gesture}
      onPointerUp={gesture}
    >
      <VList
        ref={list}
        className="chat-list"
        tabIndex={0}
        role="log"
        aria-label={t('desk.conversation')}
        aria-live="off"
        data={entries}
      >
        {(entry) => (
          <div className="entry" key={entry.key}>
            <EntryRow
              entry={entry}
              session={session}
              answerable={writes && entry.kind === 'message' && entry.message.id === lastMessage}
              onAnswer={onAnswer}
              last={writes && entry.kind === 'end' && entry.run.id === lastRun}
              back={entry.kind === 'interrupt' ? backs.get(entry.key) : undefined}
            />
          </div>
        )}
      </VList>
      {away && (
        <Button
          className="to-end"
          icon={<ArrowDownOutlined />}
          onClick={() => {
            sticking.current = true
            setAway(false)
            toEnd()
          }}
        >
          {t('desk.toEnd')}
        </Button>
      )}
    </div>
  )
})
