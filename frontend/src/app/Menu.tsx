import '../i18n/addAudit'
import '../i18n/addExperiments'
import '../i18n/addModels'
import { LogoutOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useDesk } from '../shared/desk'
import Preferences from './Preferences'

/** Who one is, how it looks, the way to pages that few people need and fewer may see, and out. */
export default function Menu({ onLogout }: { onLogout: () => void }) {
  const { t } = useTranslation()
  const { me, may } = useDesk()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // It lies at the end of the document: whoever opened it by a key would not come to it.
    const frame = requestAnimationFrame(() =>
      box.current?.querySelector<HTMLElement>('a, button, input:checked')?.focus({ preventScroll: true }),
    )
    return () => cancelAnimationFrame(frame)
  }, [])
  return (
    <div ref={box} className="user-menu" role="dialog" aria-label={me.user.name}>
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
