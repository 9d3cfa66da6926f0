import '../i18n/addAgain'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

interface Props {
  id: string
  /** Who took its rejection back; absent when it expired. */
  by?: string | undefined
}

/** From a question to the one that it is asked in the stead of. */
export default function AgainOf({ id, by }: Props) {
  const { t } = useTranslation()
  return (
    <p className="muted" data-testid="again-of">
      {by === undefined ? t('again.of') : t('takenBack.of', { name: by })}{' '}
      <Link className="text-link" to={`/approvals/${id}`}>
        {t(by === undefined ? 'again.toOld' : 'takenBack.toOld')}
      </Link>
    </p>
  )
}
