import { type FormEvent, useEffect, useRef, useState } from 'react'
import { firstLanguage, keepLanguage, type Language } from '../remote/i18n'
import { leave, type Paired, PairProblem, pageOf, pair, readPaired } from './api'
import { usualName, words } from './i18n'

const NAME = 'cuedesk.pair-name'

/** The secret of a scanned link; it goes from the address at once, into no history and no screenshot. */
function takeSecret(): string | undefined {
  const secret = location.hash.slice(1)
  if (!secret) return undefined
  history.replaceState(null, '', location.pathname + location.search)
  return secret
}

/** Where to go after signing in: a page of ours. */
function next(): string {
  const wanted = new URLSearchParams(location.search).get('next') ?? ''
  return /^\/[\w.-]/.test(wanted) ? wanted : '/prompter.html'
}

function keptName(): string {
  try {
    return localStorage.getItem(NAME) ?? ''
  } catch {
    return ''
  }
}

/** `/pair`: a phone, a tablet or a TV joins a room by a code or a scanned link. */
export function App() {
  const [language, setLanguage] = useState<Language>(firstLanguage)
  const t = words(language)
  const [secret, setSecret] = useState(takeSecret)
  const [paired, setPaired] = useState<Paired | null>()
  const [code, setCode] = useState('')
  const [name, setName] = useState(keptName)
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState<string>()
  const [left, setLeft] = useState(false)
  const [wait, setWait] = useState(0)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN'
    document.title = `${t.title} · Cuedesk`
  }, [t, language])
  useEffect(() => {
    // Whether it is paired already matters only to who is; without an answer there is still the form.
    readPaired().then(
      (found) => setPaired(found ?? null),
      () => setPaired(null),
    )
  }, [])
  useEffect(() => {
    // A link that is opened where this page is already loads no page.
    const again = () => {
      const secret = takeSecret()
      if (!secret) return
      setSecret(secret)
      // What was wrong with the last one is not with this.
      setWrong(undefined)
    }
    window.addEventListener('hashchange', again)
    return () => window.removeEventListener('hashchange', again)
  }, [])
  useEffect(() => {
    if (wait <= 0) return
    const timer = setTimeout(() => setWait(wait - 1), 1000)
    return () => clearTimeout(timer)
  }, [wait])

  const connect = async (event: FormEvent) => {
    event.preventDefault()
    const digits = code.replace(/\D/g, '')
    if (!secret && digits.length !== 6) {
      setWrong('six')
      field.current?.focus()
      return
    }
    setBusy(true)
    setWrong(undefined)
    setLeft(false)
    const called = name.trim() || usualName(navigator.userAgent, t)
    try {
      const made = await pair(secret ? { secret } : { code: digits }, called)
      try {
        localStorage.setItem(NAME, name.trim())
      } catch {
        // The next pairing asks again.
      }
      location.replace(pageOf(made))
    } catch (error) {
      const problem = error instanceof PairProblem ? error : new PairProblem('other')
      setBusy(false)
      setWrong(secret && problem.code === 'pairing_refused' ? 'linkRefused' : problem.code)
      setWait(Math.ceil(problem.retryAfterMs / 1000))
      if (problem.code === 'pairing_refused') {
        setSecret(undefined)
        setCode('')
        setTimeout(() => field.current?.focus())
      }
    }
  }
  const unpair = async () => {
    setWrong(undefined)
    try {
      await leave()
      setPaired(null)
      setLeft(true)
    } catch {
      setWrong('unreachable')
    }
  }
  const toggle = () => {
    const other = language === 'en' ? 'zh' : 'en'
    keepLanguage(other)
    setLanguage(other)
  }
  // Counted down in the sentence; when the time is over it is said no more.
  const limited = wrong === 'rate_limited'
  const said =
    wrong && !(limited && wait <= 0)
      ? (t[wrong as keyof typeof t] ?? t.other).replace('{s}', String(wait))
      : undefined

  return (
    <main className="pair">
      <h1>{t.title}</h1>
      {paired && (
        <section className="paired" aria-label={t.paired}>
          <p>
            {t.paired} <strong>{paired.room.name}</strong>
            <span>
              {paired.role === 'remote' ? t.asRemote : t.asDisplay} · {paired.name}
            </span>
          </p>
          <a className="go" href={pageOf(paired)}>
            {t.open}
          </a>
          <button type="button" onClick={() => void unpair()}>
            {t.unpair}
          </button>
        </section>
      )}
      {left && <p role="status">{t.unpaired}</p>}
      <form onSubmit={(event) => void connect(event)} noValidate aria-label={t.title}>
        <p>{secret ? t.scanned : t.lead}</p>
        {!secret && (
          <div className="field">
            <label htmlFor="code">{t.code}</label>
            <input
              id="code"
              ref={field}
              className="code"
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={8}
              placeholder="000 000"
              aria-describedby="code-hint"
              aria-invalid={wrong === 'six' || wrong === 'pairing_refused'}
              value={code}
              onChange={({ target }) => setCode(target.value.normalize('NFKC').replace(/[^\d ]/g, ''))}
            />
            <small id="code-hint">{t.codeHint}</small>
          </div>
        )}
        <div className="field">
          <label htmlFor="name">{t.name}</label>
          <input
            id="name"
            maxLength={40}
            autoComplete="off"
            placeholder={usualName(navigator.userAgent, t)}
            aria-describedby="name-hint"
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
          <small id="name-hint">{t.nameHint}</small>
        </div>
        <p className="wrong" role="alert">
          {said}
        </p>
        <button type="submit" className="go" disabled={busy || (limited && wait > 0)}>
          {busy ? t.connecting : t.connect}
        </button>
        {secret && (
          <button
            type="button"
            onClick={() => {
              setSecret(undefined)
              setWrong(undefined)
            }}
          >
            {t.typeInstead}
          </button>
        )}
      </form>
      <footer>
        <a href={`/login?next=${encodeURIComponent(next())}`}>{t.signIn}</a>
        <button type="button" className="plain" onClick={toggle}>
          {t.language}
        </button>
      </footer>
    </main>
  )
}
