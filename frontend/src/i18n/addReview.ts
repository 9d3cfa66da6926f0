import i18next from 'i18next'
import { reviewEn, reviewZh } from './review'

/** What cards of findings say comes with them: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', reviewZh, true)
i18next.addResourceBundle('en', 'translation', reviewEn, true)
