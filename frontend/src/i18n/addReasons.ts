import i18next from 'i18next'
import { reasonsEn, reasonsZh } from './reasons'

/** The words of rejections come when one rejects or looks at what was rejected. */
i18next.addResourceBundle('zh-CN', 'translation', reasonsZh, true)
i18next.addResourceBundle('en', 'translation', reasonsEn, true)
