import { Segmented } from 'antd'
import { useTranslation } from 'react-i18next'
import { chooseLanguage, type Language } from '../i18n'
import { type ThemeChoice, useThemeChoice } from './theme'

/** Language and light or dark. */
export default function Preferences() {
  const { t, i18n } = useTranslation()
  const { choice, choose } = useThemeChoice()
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
    </div>
  )
}
