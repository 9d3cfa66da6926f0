import i18next from 'i18next'
import { againEn, againZh } from './again'

/** Comes with the first card that expired. */
i18next.addResourceBundle('zh-CN', 'translation', againZh, true)
i18next.addResourceBundle('en', 'translation', againEn, true)
