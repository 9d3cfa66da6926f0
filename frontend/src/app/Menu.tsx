import '../i18n/addAudit'
import '../i18n/addExperiments'
import '../i18n/addModels'
import { LogoutOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useDesk } from '../shared/desk'
import Preferences from './Preferences'

/** Who one is, how it looks, the way to pages that few people need and fewer may see, and out. */
export default function Menu({ onLogout }: { onLogout: () => void }) {
  const { t } = useTranslation()
  const { me, may } = useDesk()
  return (
    <div className="user-menu">
      <p className="muted">
        {me.user.email} · {me.tenant.name}
      </p>
      <Preferences />
      {may('experiment.read') && <Link to="/experiments">{t('experiment.title')}</Link>}
      {may('audit.read') && <Link to="/audit">{t('audit.title')}</Link>}
      {may('model.read') && <Link to="/models">{t('models.title')}</Link>}
      <Button block icon={<LogoutOutlined />} onClick={onLogout}>
        {t('login.logout')}
      </Button>
    </div>
  )
}
