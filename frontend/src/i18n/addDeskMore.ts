import i18next from 'i18next'
import { deskMoreEn, deskMoreZh } from './deskMore'

/** What the desk's tools say comes with them: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', deskMoreZh, true)
i18next.addResourceBundle('en', 'translation', deskMoreEn, true)
