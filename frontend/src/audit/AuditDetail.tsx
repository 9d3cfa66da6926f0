import { useTranslation } from 'react-i18next'
import type { Entry } from './api'
import { told } from './words'

/** What was noted beside an entry, a line each, in words; what is longer is unfolded. */
export function AuditDetail({ entry }: { entry: Entry }) {
  const { t, i18n } = useTranslation()
  const word = (key: string) => (i18n.exists(key) ? t(key as 'auditDetail.name') : undefined)
  return (
    <dl className="audit-detail">
      {told(entry, word, i18n.language).map(({ key, name, text }) => (
        <div key={key}>
          <dt title={key}>{name}</dt>
          <dd>
            {text.length > 80 ? (
              <details>
                <summary>{`${text.slice(0, 60)}…`}</summary>
                {text}
              </details>
            ) : (
              text
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}
