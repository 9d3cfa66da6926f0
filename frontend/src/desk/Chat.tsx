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
import { isPageKey } from '../shared/keys'
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
  const moved = useRef(false)
  const [away, setAway] = useState(false)
  // The row that has the focus stays in the page however far one scrolls, and so does the newest: what is being written is
  // read out, and found, wherever one is.
  const [focused, setFocused] = useState<string>()
  const held = useMemo(() => {
    const at = entries.findIndex(({ key }) => key === focused)
    return [...new Set([at, entries.length - 1])].filter((index) => index >= 0)
  }, [entries, focused])

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
  const follow = () => {
    sticking.current = true
    setAway(false)
    toEnd()
  }
  // Only the reader's own gesture lets go of the end; text that grows faster than it is followed must not. What a key or
  // a flick has set going is measured again when it has come to rest.
  const gesture = () => {
    moved.current = true
    requestAnimationFrame(measure)
  }
  const rest = () => {
    if (moved.current) measure()
    moved.current = false
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only watches whether the reader scrolls.
    <div
      className="chat"
      ref={box}
      onWheel={gesture}
      onTouchMove={gesture}
      // The end is where the text under way is by then.
      onKeyUp={(event) => (event.key === 'End' && isPageKey(event.nativeEvent) ? follow() : gesture())}
      onPointerUp={gesture}
      onFocus={({ target }) => setFocused(target.closest<HTMLElement>('.entry')?.dataset.key)}
    >
      <VList
        ref={list}
        className="chat-list"
        tabIndex={0}
        role="log"
        aria-label={t('desk.conversation')}
        aria-live="off"
        data={entries}
        keepMounted={held}
        onScrollEnd={rest}
      >
        {(entry) => (
          <div className="entry" key={entry.key} data-key={entry.key}>
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
        <Button className="to-end" icon={<ArrowDownOutlined />} onClick={follow}>
          {t('desk.toEnd')}
        </Button>
      )}
    </div>
  )
})
