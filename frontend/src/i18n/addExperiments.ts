import i18next from 'i18next'
import { experimentsEn, experimentsZh } from './experiments'

/** What the page of experiments says, and the link to it, comes with these: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', experimentsZh, true)
i18next.addResourceBundle('en', 'translation', experimentsEn, true)
