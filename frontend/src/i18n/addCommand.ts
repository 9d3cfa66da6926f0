import i18next from 'i18next'
import { commandEn, commandZh } from './command'

/** What the command bar says comes with it: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', commandZh, true)
i18next.addResourceBundle('en', 'translation', commandEn, true)
