import { useTick } from './Bar'
import { battery } from './device'
import { words } from './i18n'
import { menuWords } from './menuWords'
import { useDesk } from './store'

/** How full the device is and how it reaches the server, as far as the browser tells; the director is told the same. */
export function Device({ roundTrip }: { roundTrip: () => number | undefined }) {
  useTick()
  const { language } = useDesk((desk) => desk.settings)
  const status = useDesk((desk) => desk.status)
  const t = { ...words(language), ...menuWords(language) }
  const { battery: level, charging } = battery()
  const milliseconds = roundTrip()
  const online = status.state === 'open'
  const told = [
    level !== null && `${t.battery} ${Math.round(level * 100)}%${charging ? ` · ${t.charging}` : ''}`,
    `${t.network} ${navigator.onLine ? (online ? t.connected : t.noServer) : t.offline}`,
    online && milliseconds !== undefined && `${t.roundTrip} ${Math.round(milliseconds)} ${t.milliseconds}`,
  ]
  return (
    <p className="device figures">
      {told.filter(Boolean).map((one) => (
        <span key={String(one)}>{one}</span>
      ))}
    </p>
  )
}
