import { useEffect, useMemo, useRef } from 'react'
import { useLocation } from 'react-router'
import { bringAhead } from '../app/ahead'
import { keepFocus } from '../app/keepFocus'
import { LineTrouble } from '../app/LineTrouble'
import { reachLists } from '../app/reachLists'
import { SignInAgain } from '../app/SignInAgain'
import { isPageKey } from '../shared/keys'
import { useKeydown } from '../shared/useKeydown'
import { alertBetween, type Heard, heardOf, titled } from './alerts'
import { badgeIcon } from './favicon'
import { HoldStrip } from './HoldStrip'
import type { Queue } from './queue'
import { useSnooze } from './snooze'
import { awaken, play, useSounds } from './sound'

const REPEAT_MS = 15_000
const gestures = ['pointerdown', 'keydown'] as const

/**
 * Tells on whatever page one is that something waits: by the tab's title, and by a sound for who wants it; and what went
 * wrong on the line; and what can still be called back, with its key.
 */
export default function Alerts({
  queue,
  ready,
  decides,
}: {
  queue: Queue
  ready: boolean
  decides: boolean
}) {
  const { on, mute, arm } = useSounds()
  useEffect(bringAhead, [])
  useEffect(keepFocus, [])
  useEffect(reachLists, [])
  const { pathname } = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: where not all pages fit beside each other, the one that was gone to is seen
  useEffect(() => {
    document.querySelector('.pages .active')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [pathname])
  // What was put off asks for nobody until it is back: then it is new again.
  const { awake } = useSnooze(queue)
  const count = heardOf(awake).waiting.size
  useEffect(() => {
    void badgeIcon(count)
  }, [count])
  useEffect(() => () => void badgeIcon(0), [])

  useEffect(() => {
    const title = document.querySelector('title')
    const show = () => {
      const wanted = titled(document.title, count)
      if (document.title !== wanted) document.title = wanted
    }
    show()
    // Each page sets its own title whenever it likes.
    const observer = new MutationObserver(show)
    if (title) observer.observe(title, { childList: true, characterData: true, subtree: true })
    return () => {
      observer.disconnect()
      document.title = titled(document.title, 0)
    }
  }, [count])

  const heard = useRef<Heard>(undefined)
  const unseen = useRef(false)
  useEffect(() => {
    if (!ready) return
    const now = heardOf(awake)
    const alert = alertBetween(heard.current, now)
    heard.current = now
    if (!on || !decides || !alert) return
    play(alert)
    unseen.current = !document.hasFocus()
  }, [awake, ready, on, decides])
  useEffect(() => {
    if (!on) return
    // What sounded while nobody was at the page sounds again until somebody is, or until nothing waits any more.
    const timer = setInterval(() => {
      if (unseen.current && heard.current?.waiting.size) play('new')
    }, REPEAT_MS)
    const seen = () => {
      unseen.current = false
    }
    // To come to the window is no click to the browser: it plays after a click or a key.
    const touched = () => {
      seen()
      void awaken()
    }
    for (const name of gestures) window.addEventListener(name, touched)
    window.addEventListener('focus', seen)
    return () => {
      clearInterval(timer)
      for (const name of gestures) window.removeEventListener(name, touched)
      window.removeEventListener('focus', seen)
    }
  }, [on])
  useKeydown((event) => {
    if (event.key.toLowerCase() !== 'm' || event.shiftKey || event.repeat || !isPageKey(event)) return
    if (on) mute()
    else arm()
  }, decides)
  // The queue has its own; in a conversation the script's card says it.
  const elsewhere = useMemo(
    () => new Map([...queue].filter(([, { threadId }]) => !pathname.includes(threadId))),
    [queue, pathname],
  )
  return (
    <>
      <SignInAgain />
      <LineTrouble />
      {decides && !pathname.startsWith('/approvals') && (
        <div className="hold-over">
          <HoldStrip queue={elsewhere} />
        </div>
      )}
    </>
  )
}
