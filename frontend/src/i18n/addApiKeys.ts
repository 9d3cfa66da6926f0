import i18next from 'i18next'
import { apiKeysEn, apiKeysZh } from './apiKeys'

i18next.addResourceBundle('zh-CN', 'translation', apiKeysZh, true)
i18next.addResourceBundle('en', 'translation', apiKeysEn, true)
