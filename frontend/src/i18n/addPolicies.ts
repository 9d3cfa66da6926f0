import i18next from 'i18next'
import { policiesEn, policiesZh } from './policies'

/** What the form of policies says comes with it: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', policiesZh, true)
i18next.addResourceBundle('en', 'translation', policiesEn, true)
