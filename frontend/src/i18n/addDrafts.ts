import i18next from 'i18next'
import { draftsEn, draftsZh } from './drafts'

/** Comes with the first form that finds a draft. */
i18next.addResourceBundle('zh-CN', 'translation', draftsZh, true)
i18next.addResourceBundle('en', 'translation', draftsEn, true)
