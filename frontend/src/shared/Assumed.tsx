import { useTranslation } from 'react-i18next'

/** What was assumed where nobody has written it down, marked as such: it is to be checked before it is said. */
export function Assumed({ list }: { list: readonly string[] }) {
  const { t } = useTranslation()
  if (list.length === 0) return null
  return (
    <p className="assumed" data-testid="assumed">
      <span className="state state-pending">{t('review.assumed')}</span> {list.join('；')}
    </p>
  )
}
