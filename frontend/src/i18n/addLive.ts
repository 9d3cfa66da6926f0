import i18next from 'i18next'
import { liveEn, liveZh } from './live'

/** What the director's page says comes with it: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', liveZh, true)
i18next.addResourceBundle('en', 'translation', liveEn, true)
