import { useTick } from './Bar'
import { isLive, sectionNow } from './clocks'
import { minutes, words } from './i18n'
import { menuWords } from './menuWords'
import type { Place } from './player'
import type { Script } from './script'
import { isEmpty } from './stage'
import { useDesk } from './store'

/** How long the room is live, which section is read, and the time left: of the section, of the script, of a target. */
export function Times({ place, script, clock }: { place: () => Place; script: Script; clock: () => number }) {
  useTick()
  const { stage, live, pace, settings } = useDesk()
  const t = { ...words(settings.language), ...menuWords(settings.language) }
  const { position, secondsLeft } = place()
  const now = clock()
  const { since, moved = 0, target } = live
  const spare = target === undefined ? undefined : (target - now) / 1000 - secondsLeft
  const section = sectionNow(script, position, pace)
  const empty = isEmpty(stage.shown)
  return (
    <>
      {since && isLive(moved, now) && (
        <span className="on-air figures">
          <i aria-hidden="true">●</i> <span>{t.onAir}</span> {minutes((now - since) / 1000)}
        </span>
      )}
      {!empty && (
        <>
          <span className="nth figures">
            {section.nth}/{section.of}
          </span>
          {spare !== undefined && (
            <span className={spare < -1 ? 'spare figures over-time' : 'spare figures'}>
              {spare < -1 ? t.over : t.under} {minutes(Math.abs(spare))}
            </span>
          )}
          <span className="left figures">
            {stage.motion === 'finished' ? (
              t.finished
            ) : (
              <>
                {section.of > 1 && (
                  <span className="of-section">
                    {t.leftHere} {minutes(section.secondsLeft)}
                  </span>
                )}
                <span>
                  {t.left} {minutes(secondsLeft)}
                </span>
              </>
            )}
          </span>
        </>
      )}
    </>
  )
}
