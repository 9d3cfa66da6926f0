/** Seconds as m:ss, or h:mm:ss from an hour on. */
export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  const pad = (n: number) => String(n).padStart(2, '0')
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${pad(m)}:${pad(s)}`
}

/** A step's duration for people: 42 ms, 3.1 s. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** A moment as the time of day; with its date when it was not today. */
export function moment(iso: string, language: string): string {
  const at = new Date(iso)
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hour12: false }
  const today = at.toDateString() === new Date().toDateString()
  return at.toLocaleString(language, today ? time : { ...time, month: 'numeric', day: 'numeric' })
}
