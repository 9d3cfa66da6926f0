import '../i18n/addExperiments'
import { Segmented } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { chooseLanguage, type Language } from '../i18n'
import { useDesk } from '../shared/desk'
import { type ThemeChoice, useThemeChoice } from './theme'

/** Language, light or dark, and the way to a page that few people need. */
export default function Preferences() {
  const { t, i18n } = useTranslation()
  const { choice, choose } = useThemeChoice()
  const { may } = useDesk()
  return (
    <div className="row preferences">
      <Segmented<Language>
        size="small"
        aria-label={t('app.language')}
        value={i18n.language === 'en' ? 'en' : 'zh-CN'}
        onChange={chooseLanguage}
        options={[
          { value: 'zh-CN', label: '中文' },
          { value: 'en', label: 'English' },
        ]}
      />
      <Segmented<ThemeChoice>
        size="small"
        aria-label={t('app.theme')}
        value={choice}
        onChange={choose}
        options={[
          { value: 'system', label: t('app.themeSystem') },
          { value: 'light', label: t('app.themeLight') },
          { value: 'dark', label: t('app.themeDark') },
        ]}
      />
      {may('experiment.read') && <Link to="/experiments">{t('experiment.title')}</Link>}
    </div>
  )
}
