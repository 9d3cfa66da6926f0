import '../i18n/addDrafts'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'

/** Says that what stands in a form was typed before and never saved. `older`: what it changes was changed since. */
export default function RestoredDraft({ older, onDiscard }: { older?: boolean; onDiscard: () => void }) {
  const { t } = useTranslation()
  return (
    <p className="restored-draft muted" role="status" data-testid="restored-draft">
      {t(older ? 'drafts.older' : 'drafts.restored')} ·{' '}
      <Button type="link" size="small" onClick={onDiscard} data-testid="discard-draft">
        {t('drafts.discard')}
      </Button>
    </p>
  )
}
