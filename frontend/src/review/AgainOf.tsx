import '../i18n/addAgain'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

/** From a question to the expired one that it is asked in the stead of. */
export default function AgainOf({ id }: { id: string }) {
  const { t } = useTranslation()
  return (
    <p className="muted" data-testid="again-of">
      {t('again.of')}{' '}
      <Link className="text-link" to={`/approvals/${id}`}>
        {t('again.toOld')}
      </Link>
    </p>
  )
}
