import { useEffect, useMemo, useState } from 'react'
import { Icon } from './Icon'
import { words } from './i18n'
import { bind, bindable, bindingsOf, COMMANDS, type Command, PRESETS, type Preset, unbind } from './keys'
import { menuWords } from './menuWords'
import { useDesk } from './store'

const SIGNS: Readonly<Record<string, string>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  Escape: 'Esc',
}

/** What stands on a key. */
function signOf(key: string, space: string): string {
  const base = key.replace('Shift+', '')
  const sign = base === 'Space' ? space : (SIGNS[base] ?? (base.length === 1 ? base.toUpperCase() : base))
  return base === key ? sign : `Shift ${sign}`
}

/** Which key does what on this device: sets to begin with, and any key for anything. */
export function Keys() {
  const { keys, language } = useDesk((desk) => desk.settings)
  const change = useDesk((desk) => desk.change)
  const t = useMemo(() => ({ ...words(language), ...menuWords(language) }), [language])
  const [waiting, wait] = useState<Command>()
  const [told, tell] = useState('')
  const bindings = bindingsOf(keys)
  const sign = (key: string) => signOf(key, t.space)

  // The next key is for this one, Escape and those of the settings' own buttons as well.
  useEffect(() => {
    if (!waiting) return
    const listen = (event: KeyboardEvent) => {
      if (event.isComposing) return
      const key = bindable(event)
      if (!key) return
      event.preventDefault()
      event.stopPropagation()
      const { settings } = useDesk.getState()
      const bound = bind(settings.keys, waiting, key)
      change({ keys: bound.keys })
      const moved = bound.from ? ` ${t.keyWas.replace('{}', t.does[bound.from])}` : ''
      tell(`${t.keyIs.replace('{}', signOf(key, t.space)).replace('{}', t.does[waiting])}${moved}`)
      wait(undefined)
    }
    window.addEventListener('keydown', listen, true)
    return () => window.removeEventListener('keydown', listen, true)
  }, [waiting, change, t])

  const begin = (preset: Preset) => {
    change({ keys: { preset, changed: {} } })
    tell(t.keysSet.replace('{}', t.sets[preset]))
    wait(undefined)
  }
  return (
    <section className="keys" aria-labelledby="keys">
      <h3 id="keys">{t.keys}</h3>
      <p>{t.keysHint}</p>
      <div className="switches">
        {(Object.keys(PRESETS) as Preset[]).map((preset) => (
          <button
            key={preset}
            type="button"
            aria-pressed={(keys?.preset ?? 'keyboard') === preset}
            onClick={() => begin(preset)}
          >
            {t.sets[preset]}
          </button>
        ))}
        <button type="button" onClick={() => begin(keys?.preset ?? 'keyboard')}>
          {t.keysReset}
        </button>
      </div>
      <p role="status">{told}</p>
      <ul>
        {(Object.keys(COMMANDS) as Command[]).map((command) => (
          <li key={command}>
            <span>{t.does[command]}</span>
            <span className="bound">
              {bindings[command].map((key) => (
                <button
                  key={key}
                  type="button"
                  aria-label={t.keyOff.replace('{}', sign(key)).replace('{}', t.does[command])}
                  onClick={() => {
                    change({ keys: unbind(keys, key) })
                    tell(t.keyOffTold.replace('{}', sign(key)))
                  }}
                >
                  <kbd>{sign(key)}</kbd>
                  <Icon name="close" />
                </button>
              ))}
              <button
                type="button"
                aria-pressed={waiting === command}
                aria-label={`${t.keyAdd}${t.colon}${t.does[command]}`}
                onClick={() => wait(waiting === command ? undefined : command)}
              >
                {waiting === command ? t.keyPress : t.keyAdd}
              </button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
