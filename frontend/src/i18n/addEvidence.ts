import i18next from 'i18next'
import { evidenceEn, evidenceZh } from './evidence'

/** What stands beside an approval comes with its panel. */
i18next.addResourceBundle('zh-CN', 'translation', evidenceZh, true)
i18next.addResourceBundle('en', 'translation', evidenceEn, true)
