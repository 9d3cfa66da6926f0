import i18next from 'i18next'
import { memoryEn, memoryZh } from './memory'

/** What the page of memories says comes with it: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', memoryZh, true)
i18next.addResourceBundle('en', 'translation', memoryEn, true)
