import { isPaired } from './api'
import { Device } from './Device'
import { Icon } from './Icon'
import { words } from './i18n'
import { Keys } from './Keys'
import { menuWords } from './menuWords'
import { useModal } from './modal'
import { toggleFullscreen } from './screen'
import { type Settings, THEMES } from './settings'
import { isBound, useDesk } from './store'

type Switch = 'mirrorH' | 'mirrorV' | 'band' | 'hud' | 'countdown' | 'singleKeys' | 'locked'

/** Seconds of mm:ss (or of minutes alone); nothing for anything else. */
function seconds(text: string): number | undefined {
  const [, minutes, rest = '0'] = /^(\d{1,3})(?::([0-5]\d))?$/.exec(text.trim()) ?? []
  const total = Number(minutes) * 60 + Number(rest)
  return total > 0 ? total : undefined
}

/** The display's own settings. A modal dialog: Escape closes it and the focus goes back. */
export function Menu({
  close,
  pattern,
  resize,
  size,
  paged,
  follow,
  finishIn,
  roundTrip,
}: {
  close: () => void
  /** Show the test pattern instead. */
  pattern: () => void
  resize: (by: number) => void
  size: number
  paged: boolean
  follow: (on: boolean) => void
  finishIn: (seconds: number | undefined) => void
  roundTrip: () => number | undefined
}) {
  const settings = useDesk((desk) => desk.settings)
  const change = useDesk((desk) => desk.change)
  const bound = useDesk(isBound)
  const t = { ...words(settings.language), ...menuWords(settings.language) }
  const { modal, leave } = useModal(close)

  const toggle = (name: Switch) => (
    <button
      key={name}
      type="button"
      aria-pressed={settings[name]}
      onClick={() => {
        change({ [name]: !settings[name] } as Partial<Settings>)
        // Whoever locks the screen is done with it.
        if (name === 'locked' && !settings.locked) leave()
      }}
    >
      {t[name]}
    </button>
  )
  return (
    <dialog {...modal} className="menu" aria-label={t.menu}>
      <header>
        <h2>{t.menu}</h2>
        <button type="button" aria-label={t.close} onClick={leave}>
          <Icon name="close" />
        </button>
      </header>
      <Device roundTrip={roundTrip} />
      <fieldset>
        <legend>
          {t.size} <span className="figures">{size}</span>
        </legend>
        <button type="button" aria-label={t.smaller} onClick={() => resize(-4)}>
          A−
        </button>
        <button type="button" aria-label={t.bigger} onClick={() => resize(4)}>
          A+
        </button>
        <button
          type="button"
          aria-pressed={settings.size === undefined}
          onClick={() => change({ size: undefined })}
        >
          {t.fit}
        </button>
      </fieldset>
      <div className="switches">
        {toggle('mirrorH')}
        {toggle('mirrorV')}
        {toggle('band')}
        {toggle('hud')}
        {toggle('countdown')}
        {toggle('singleKeys')}
        {toggle('locked')}
        <button type="button" aria-pressed={settings.follow} onClick={() => follow(!settings.follow)}>
          {t.follow}
        </button>
        <button type="button" aria-pressed={paged} onClick={() => change({ pages: !paged })}>
          {t.pages}
        </button>
        <button type="button" onClick={() => void toggleFullscreen()}>
          {t.fullscreen}
        </button>
        <button type="button" onClick={pattern}>
          {t.pattern}
        </button>
        <button type="button" onClick={() => change({ language: settings.language === 'zh' ? 'en' : 'zh' })}>
          {t.language}
        </button>
        <a href={isPaired ? '/pair' : '/prompter.html'}>{t.otherRoom}</a>
      </div>
      <fieldset>
        <legend>{t.theme}</legend>
        {THEMES.map((theme) => (
          <button
            key={theme}
            type="button"
            aria-pressed={settings.theme === theme}
            onClick={() => change({ theme })}
          >
            {t[theme]}
          </button>
        ))}
      </fieldset>
      <div className="fields">
        <label>
          {t.name}
          <input
            value={settings.name}
            maxLength={40}
            onChange={(event) => change({ name: event.target.value })}
          />
        </label>
        {!bound && (
          <label>
            {t.target}
            <input
              placeholder={t.clock}
              inputMode="numeric"
              pattern="\d{1,3}(:[0-5]\d)?"
              onBlur={(event) => finishIn(seconds(event.target.value))}
              onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
            />
          </label>
        )}
      </div>
      <p>{t.touch}</p>
      <Keys />
      {!('wakeLock' in navigator) && <p>{t.wakeLockMissing}</p>}
      {!document.fullscreenEnabled && <p>{t.homeScreen}</p>}
    </dialog>
  )
}
