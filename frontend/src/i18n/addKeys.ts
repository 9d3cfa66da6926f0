import i18next from 'i18next'
import { keysEn, keysZh } from './keys'

/** What the sheet of shortcuts says comes with it: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', keysZh, true)
i18next.addResourceBundle('en', 'translation', keysEn, true)
