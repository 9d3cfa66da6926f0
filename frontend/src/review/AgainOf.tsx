import '../i18n/addAgain'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'

interface Props {
  /** The approval that was called back, the rejection that was taken back, or what expired; the first that is there counts. */
  called: { of: string; name: string } | undefined
  back: { of: string; name: string } | undefined
  old: string | undefined
}

/** From a question to the one that it is asked in the stead of. */
export default function AgainOf({ called, back, old }: Props) {
  const { t } = useTranslation()
  const name = (called ?? back)?.name
  return (
    <p className="muted" data-testid="again-of">
      {name === undefined ? t('again.of') : t(called ? 'review.calledOf' : 'takenBack.of', { name })}{' '}
      <Link className="text-link" to={`/approvals/${(called ?? back)?.of ?? old}`}>
        {t(called ? 'review.toApproved' : back ? 'takenBack.toOld' : 'again.toOld')}
      </Link>
    </p>
  )
}
