import i18next from 'i18next'
import { settingsEn, settingsZh } from './settings'

/** What the page of settings says comes with it: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', settingsZh, true)
i18next.addResourceBundle('en', 'translation', settingsEn, true)
