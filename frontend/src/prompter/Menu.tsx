import { useEffect, useRef } from 'react'
import { Icon } from './Icon'
import { words } from './i18n'
import { toggleFullscreen } from './screen'
import { type Settings, THEMES } from './settings'
import { useDesk } from './store'

type Switch = 'mirrorH' | 'mirrorV' | 'band' | 'hud'

/** The display's own settings. A modal dialog: Escape closes it and the focus goes back. */
export function Menu({
  close,
  resize,
  size,
  paged,
}: {
  close: () => void
  resize: (by: number) => void
  size: number
  paged: boolean
}) {
  const settings = useDesk((desk) => desk.settings)
  const change = useDesk((desk) => desk.change)
  const t = words(settings.language)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])

  const toggle = (name: Switch) => (
    <button
      key={name}
      type="button"
      aria-pressed={settings[name]}
      onClick={() => change({ [name]: !settings[name] } as Partial<Settings>)}
    >
      {t[name]}
    </button>
  )
  return (
    <dialog ref={dialog} className="menu" aria-label={t.menu} onClose={close}>
      <header>
        <h2>{t.menu}</h2>
        <button type="button" aria-label={t.close} onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
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
        <button type="button" aria-pressed={paged} onClick={() => change({ pages: !paged })}>
          {t.pages}
        </button>
        <button type="button" onClick={() => void toggleFullscreen()}>
          {t.fullscreen}
        </button>
        <button type="button" onClick={() => change({ language: settings.language === 'zh' ? 'en' : 'zh' })}>
          {t.language}
        </button>
        <a href="/prompter.html">{t.otherRoom}</a>
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
      <p>
        <strong>{t.keys}</strong>
        <br />
        {t.keysText}
      </p>
      {!('wakeLock' in navigator) && <p>{t.wakeLockMissing}</p>}
    </dialog>
  )
}
