import { useTranslation } from 'react-i18next'
import type { ShowProgress } from '../generated/protocol'
import { clockTime } from '../shared/format'

/** Where the scripts of a show are, what is done first, and how long until all are written: the same in bar and words. */
export function ShowProgressBar({ progress }: { progress: ShowProgress }) {
  const { t, i18n } = useTranslation()
  const { total, approved, rejected, failed, skipped, waiting, writing, queued, planned } = progress
  const parts = (
    [
      ['approved', approved],
      ['waiting', waiting],
      ['writing', writing + queued],
      ['failed', failed],
      ['rejected', rejected],
      ['skipped', skipped],
      ['planned', planned],
    ] as const
  ).filter(([name, count]) => count > 0 || name === 'approved')
  const words = parts.map(([name, count]) => `${t(`itemStatus.${name}`)} ${count}`)
  return (
    <div className="show-progress">
      <div className="row">
        <div
          className="show-bar"
          role="progressbar"
          aria-label={t('show.progress')}
          aria-valuemin={0}
          aria-valuemax={total}
          aria-valuenow={approved}
          aria-valuetext={new Intl.ListFormat(i18n.language, { type: 'unit' }).format(words)}
        >
          {parts.map(([name, count]) => (
            <span key={name} data-part={name} style={{ flexGrow: count }} />
          ))}
        </div>
        <span className="number">
          {t('itemStatus.approved')} {approved}/{total}
        </span>
      </div>
      <p className="row number" role="status" data-testid="show-progress">
        {parts
          .filter(([, count]) => count > 0)
          .map(([name, count]) => (
            <span key={name}>
              <i className="show-swatch" data-part={name} aria-hidden="true" />
              {t(`itemStatus.${name}`)} {count}
            </span>
          ))}
        <span className="muted">{t('show.total', { count: total })}</span>
        {planned + queued + writing > 0 && progress.left_seconds !== null && (
          <span className="muted">{t('show.eta', { time: clockTime(progress.left_seconds) })}</span>
        )}
      </p>
    </div>
  )
}
