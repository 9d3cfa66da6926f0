import '../i18n/addTour'
import { Button } from 'antd'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation, useNavigate } from 'react-router'
import { useDesk } from '../shared/desk'
import { noteTourSeen } from './seen'
import { type Box, type Corner, cornerFor, stepsFor } from './steps'

const LOOK_MS = 200
/** How far the ring stands out, with its line. */
const RING_PX = 9

/** Leads through the pages with the demo's data; the page under it stays usable, so that each stop can be tried. */
export default function Tour({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const { me, may } = useDesk()
  const navigate = useNavigate()
  const { pathname } = useLocation()
  const steps = useMemo(() => stepsFor(may), [may])
  const [at, setAt] = useState(0)
  const step = steps[at]
  const panel = useRef<HTMLElement>(null)
  const { box, corner } = useTarget(step?.target, panel)
  const opener = useRef(document.activeElement)

  useEffect(() => noteTourSeen(me.user.id), [me.user.id])
  const go = (next: number) => {
    const to = steps[next]
    if (!to) return
    setAt(next)
    if (!pathname.startsWith(to.path)) navigate(to.path)
  }
  // Begun from whatever page one was on.
  const first = useRef(() => go(0))
  useEffect(() => first.current(), [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: each stop is read out from its beginning.
  useEffect(() => panel.current?.focus({ preventScroll: true }), [at])
  const close = () => {
    onClose()
    if (opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true })
  }
  if (!step) return null
  const last = at === steps.length - 1
  return (
    <>
      {box && (
        <div
          className="tour-ring"
          data-testid="tour-ring"
          style={{ left: box.left, top: box.top, width: box.right - box.left, height: box.bottom - box.top }}
        />
      )}
      <section
        ref={panel}
        className={`tour tour-${corner}`}
        role="dialog"
        aria-labelledby="tour-title"
        aria-describedby="tour-text"
        tabIndex={-1}
        data-testid="tour"
        data-step={step.name}
        onKeyDown={(event) => {
          if (event.key === 'Escape') close()
          else if (event.key === 'ArrowRight') go(at + 1)
          else if (event.key === 'ArrowLeft') go(at - 1)
          else return
          event.preventDefault()
          event.stopPropagation()
        }}
      >
        <p className="muted number">{t('tour.place', { at: at + 1, of: steps.length })}</p>
        <h2 id="tour-title">{t(`tour.steps.${step.name}.title`)}</h2>
        <p id="tour-text">{t(`tour.steps.${step.name}.text`)}</p>
        {step.name === 'prompter' && (
          <p>
            <a href="/prompter.html" target="_blank" rel="noreferrer">
              {t('room.open')}
            </a>
          </p>
        )}
        <div className="row spread">
          <Button type="text" onClick={close} data-testid="tour-close">
            {t('tour.close')}
            <kbd>Esc</kbd>
          </Button>
          <span className="row">
            <Button disabled={at === 0} onClick={() => go(at - 1)}>
              {t('tour.back')}
            </Button>
            <Button type="primary" onClick={() => (last ? close() : go(at + 1))} data-testid="tour-next">
              {t(last ? 'tour.done' : 'tour.next')}
            </Button>
          </span>
        </div>
      </section>
    </>
  )
}

/** Where the thing pointed at stands now: pages come late and move. */
function useTarget(target: string | undefined, panel: { readonly current: HTMLElement | null }) {
  const [found, setFound] = useState<{ box: Box | undefined; corner: Corner }>({
    box: undefined,
    corner: 'end-bottom',
  })
  useEffect(() => {
    let last = ''
    const look = () => {
      const rect = target ? document.querySelector(target)?.getBoundingClientRect() : undefined
      const view = { width: window.innerWidth, height: window.innerHeight }
      // The ring is drawn around it: of what reaches the window's edge it stays inside.
      const box = rect?.width
        ? {
            left: Math.max(rect.left, RING_PX),
            top: Math.max(rect.top, RING_PX),
            right: Math.min(rect.right, view.width - RING_PX),
            bottom: Math.min(rect.bottom, view.height - RING_PX),
          }
        : undefined
      const size = {
        width: panel.current?.offsetWidth ?? 0,
        height: panel.current?.offsetHeight ?? 0,
      }
      const corner = box ? cornerFor(box, size, view) : 'end-bottom'
      const now = JSON.stringify([box, corner])
      if (now !== last) setFound({ box, corner })
      last = now
    }
    look()
    const timer = setInterval(look, LOOK_MS)
    return () => clearInterval(timer)
  }, [target, panel])
  return found
}
