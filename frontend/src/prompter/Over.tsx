import { useTick } from './Bar'
import { Icon } from './Icon'
import { words } from './i18n'
import { isBound, useDesk } from './store'

/** A count-down shorter than this is not worth a figure: the text just gathers speed. */
const WORTH_MS = 400

/** What the room says besides the text: a dark screen, a note, what is about to come, the figures before a start. */
export function Over({
  now,
  dismiss,
  rejoin,
  tell,
  mirror,
}: {
  now: () => number
  dismiss: (id: string) => void
  rejoin: () => void
  tell: () => void
  mirror: string
}) {
  useTick()
  const { blank, note, cut, apart, startAt } = useDesk((desk) => desk.live)
  const t = words(useDesk((desk) => desk.settings.language))
  const bound = useDesk(isBound)
  const ahead = startAt - now()
  const shown = note && note.until_ms > now() ? note : undefined
  const lead = cut?.transport ? Math.max(0, cut.transport.at_ms - now()) : 0
  return (
    <div className="over" style={{ transform: mirror }}>
      {blank && (
        <div className="dark">
          <span className="unseen" role="status">
            {t.blank}
          </span>
        </div>
      )}
      {ahead > WORTH_MS && !blank && (
        <div className="countdown figures" role="timer" aria-label={t.countdown}>
          {Math.ceil(ahead / 1000)}
        </div>
      )}
      <div className="notes">
        <div role="alert">
          {shown && (
            <p className="note" data-note={shown.id}>
              <span>{shown.text}</span>
              {!bound && (
                <button type="button" aria-label={t.seen} onClick={() => dismiss(shown.id)}>
                  <Icon name="check" />
                </button>
              )}
            </p>
          )}
        </div>
        <div role="status">
          {cut && (
            <p className="heads-up">
              <strong>
                <span className="figures">{Math.ceil(lead / 1000)}</span> {t.comingUp}
                {t.colon}
                {cut.title}
              </strong>
              <span>{cut.content}</span>
            </p>
          )}
          {apart && (
            <p className="apart">
              <span>{t.apart}</span>
              <button type="button" onClick={rejoin}>
                {t.rejoin}
              </button>
              {!bound && (
                <button type="button" onClick={tell}>
                  {t.tellRoom}
                </button>
              )}
            </p>
          )}
        </div>
      </div>
    </div>
  )
}
