import { useEffect, useRef, useState } from 'react'
import { isLocal } from '../room/addresses'
import { isPaired } from './api'
import type { Panel } from './Display'
import { words } from './i18n'
import { actionOf } from './keys'
import { Menu } from './Menu'
import { menuWords } from './menuWords'
import { useModal } from './modal'
import { toggleFullscreen, useWakeLock } from './screen'
import { useDesk } from './store'

/** How long a finger rests on the lock before it opens. */
const HOLD_MS = 1000

type Open = (panel: Panel) => void

/** What a display shows when it was asked for, and what keeps fingers off it. */
export function Extras({
  panel,
  open,
  mirror,
  ...display
}: { panel: Panel; open: Open; mirror: string } & Omit<Parameters<typeof Menu>[0], 'close' | 'pattern'>) {
  useWakeLock()
  useEffect(() => useDesk.getState().change({ at: location.search }), [])
  return (
    <>
      <Swiped mirror={mirror} />
      {panel === 'menu' && (
        <Menu close={() => open(undefined)} pattern={() => open('pattern')} {...display} />
      )}
      {panel === 'pattern' && (
        <Pattern close={() => open(undefined)} resize={display.resize} size={display.size} mirror={mirror} />
      )}
    </>
  )
}

/** The pace, while a finger at the edge changes it. */
function Swiped({ mirror }: { mirror: string }) {
  const { swiping, pace, settings } = useDesk()
  if (!swiping) return null
  return (
    <output className="swiped figures" style={{ transform: mirror }}>
      {pace} {words(settings.language).perMinute}
    </output>
  )
}

const useWords = () => menuWords(useDesk((desk) => desk.settings.language))

/** On an empty screen: what will come, how other screens join, and a way to try this one meanwhile. */
export function Waiting({ open, room }: { open: Open; room: string }) {
  const t = useWords()
  return (
    <>
      <p className="hint">{t.waitingHint}</p>
      <RemoteCode room={room} />
      {!isPaired && (
        <p className="hint">
          {t.pairHint}
          <b>{location.host}/pair</b>
          {t.pairHintThen}
        </p>
      )}
      <p className="hint">
        <button type="button" onClick={() => open('pattern')}>
          {t.pattern}
        </button>
      </p>
    </>
  )
}

/** What a phone scans to steer this room; who does so signs in there, or pairs. */
function RemoteCode({ room }: { room: string }) {
  const t = useWords()
  const [made, setMade] = useState<typeof import('./code')>()
  useEffect(() => {
    // Its drawing is not here without a network, and is not missed then.
    import('./code').then(setMade, () => undefined)
  }, [])
  if (!made) return null
  if (isLocal(location.hostname)) return <p className="hint">{t.remoteLocal}</p>
  return (
    <figure className="join">
      {/* Black on white in every theme: many cameras read no other. */}
      <made.QRCodeSVG
        value={`${location.origin}/remote?room=${room}`}
        title={t.remoteCode}
        role="img"
        fgColor="#000"
        bgColor="#fff"
        level="M"
        marginSize={2}
      />
      <figcaption>{t.remoteScan}</figcaption>
    </figure>
  )
}

/** A sheet to set the screen up by: letters as the script's, the edges, steps of grey, and both mirrors at hand. */
function Pattern({
  close,
  resize,
  size,
  mirror,
}: {
  close: () => void
  resize: (by: number) => void
  size: number
  mirror: string
}) {
  const t = useWords()
  const { mirrorH, mirrorV } = useDesk((desk) => desk.settings)
  const { modal, leave } = useModal(close)
  const leaving = useRef(leave)
  leaving.current = leave
  // Nothing lies over what the room says.
  useEffect(() => {
    return useDesk.subscribe((now, before) => {
      if (now.stage !== before.stage || now.live !== before.live) leaving.current()
    })
  }, [])
  const flip = (vertical: boolean) =>
    useDesk.getState().change(vertical ? { mirrorV: !mirrorV } : { mirrorH: !mirrorH })
  return (
    <dialog
      {...modal}
      className="pattern"
      aria-label={t.pattern}
      onKeyDown={(event) => {
        const { singleKeys, keys } = useDesk.getState().settings
        const action = actionOf(event, singleKeys, keys)
        if (action?.do === 'mirror') flip(action.axis === 'v')
        else if (action?.do === 'size') resize(action.by)
        else if (action?.do === 'fullscreen') void toggleFullscreen()
      }}
    >
      <div className="sheet" style={{ transform: mirror }}>
        <p style={{ fontSize: `${size}px` }}>{t.patternText}</p>
        <div className="greys" aria-hidden="true">
          {Array.from({ length: 11 }, (_, step) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a step is its number
            <i key={step} style={{ background: `rgb(${step * 10}% ${step * 10}% ${step * 10}%)` }} />
          ))}
        </div>
      </div>
      <p className="hint">{t.patternHint}</p>
      <div className="switches">
        <button type="button" aria-pressed={mirrorH} onClick={() => flip(false)}>
          {t.mirrorH}
        </button>
        <button type="button" aria-pressed={mirrorV} onClick={() => flip(true)}>
          {t.mirrorV}
        </button>
        <button type="button" onClick={leave}>
          {t.close}
        </button>
      </div>
    </dialog>
  )
}

/**
 * Takes what touches the screen. Keys, clickers, the remote and the room go on. Its button stands beside the bar, in the
 * place of buttons no finger can press now: never on the text.
 */
export function Lock() {
  const t = useWords()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const unlock = () => useDesk.getState().change({ locked: false })
  const release = () => clearTimeout(timer.current)
  useEffect(() => () => clearTimeout(timer.current), [])
  return (
    <div className="lock">
      <button
        type="button"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          timer.current = setTimeout(unlock, HOLD_MS)
        }}
        onPointerUp={release}
        onPointerCancel={release}
        onContextMenu={(event) => event.preventDefault()}
        // By a key, or by a program that reads the screen: nobody brushes against these.
        onClick={({ detail }) => detail === 0 && unlock()}
      >
        <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
          <path d="M7 10V8a5 5 0 0 1 10 0v2h1v10H6V10zm2 0h6V8a3 3 0 0 0-6 0z" />
        </svg>
        {t.unlock}
      </button>
    </div>
  )
}
