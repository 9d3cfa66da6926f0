import { CloseCircleFilled } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import type { ScriptParams } from '../review/params'

/** What the checks gave it, and how long it takes when this host says it: as the server counted both. */
export function Quality({ script, edited }: { script: ScriptParams; edited: boolean }) {
  const { t } = useTranslation()
  const { score, checks, spoken, pace, seconds, hostName } = script
  const failed = checks.filter(({ passed }) => !passed)
  const takes = spoken !== undefined && pace ? Math.round((spoken * 60) / pace) : undefined
  const more = takes !== undefined && seconds !== undefined ? takes - Math.round(seconds) : undefined
  return (
    <>
      <p className="row number">
        {score !== undefined && <strong>{t('quality.score', { score })}</strong>}
        {checks.length > 0 && (
          <span>{t('evidence.checks', { passed: checks.length - failed.length, total: checks.length })}</span>
        )}
      </p>
      {failed.length > 0 && (
        <ul className="checks">
          {failed.map(({ id, name, detail }) => (
            <li key={id}>
              <CloseCircleFilled className="bad" aria-label={t('quality.failed')} />
              <span>{t(`quality.named.${id}`, { defaultValue: name })}</span>
              <span className="muted">{detail}</span>
            </li>
          ))}
        </ul>
      )}
      {takes !== undefined && !edited && (
        <p className="row number" data-testid="spoken">
          <strong>{t('evidence.takes', { seconds: takes })}</strong>
          <span>{t('evidence.spoken', { count: spoken })}</span>
          <span className="muted">
            {t('evidence.pace', { name: hostName ?? t('evidence.usualPace'), pace })}
          </span>
        </p>
      )}
      {more !== undefined && !edited && (
        <p className="muted number">
          {more === 0
            ? t('evidence.asAsked')
            : t(more > 0 ? 'evidence.longer' : 'evidence.shorter', { seconds: Math.abs(more) })}
        </p>
      )}
    </>
  )
}
