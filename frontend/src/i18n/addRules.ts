import i18next from 'i18next'
import { rulesEn, rulesZh } from './rules'

/** What the page of rules says comes with it: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', rulesZh, true)
i18next.addResourceBundle('en', 'translation', rulesEn, true)
