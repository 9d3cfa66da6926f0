import i18next from 'i18next'
import { preflightEn, preflightZh } from './preflight'

i18next.addResourceBundle('zh-CN', 'translation', preflightZh, true)
i18next.addResourceBundle('en', 'translation', preflightEn, true)
