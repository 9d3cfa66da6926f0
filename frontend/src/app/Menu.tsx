import '../i18n/addAudit'
import '../i18n/addExperiments'
import '../i18n/addModels'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useDesk } from '../shared/desk'
import Preferences from './Preferences'

/** How it looks, and the way to a page that few people need and fewer may see. */
export default function Menu() {
  const { t } = useTranslation()
  const { may } = useDesk()
  return (
    <>
      <Preferences />
      {may('experiment.read') && <Link to="/experiments">{t('experiment.title')}</Link>}
      {may('audit.read') && <Link to="/audit">{t('audit.title')}</Link>}
      {may('model.read') && <Link to="/models">{t('models.title')}</Link>}
    </>
  )
}
