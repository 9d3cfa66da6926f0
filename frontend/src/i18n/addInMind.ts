import i18next from 'i18next'
import { inMindEn, inMindZh } from './inMind'

i18next.addResourceBundle('zh-CN', 'translation', inMindZh, true)
i18next.addResourceBundle('en', 'translation', inMindEn, true)
