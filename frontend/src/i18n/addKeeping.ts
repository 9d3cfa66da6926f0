import i18next from 'i18next'
import { keepingEn, keepingZh } from './keeping'

i18next.addResourceBundle('zh-CN', 'translation', keepingZh, true)
i18next.addResourceBundle('en', 'translation', keepingEn, true)
