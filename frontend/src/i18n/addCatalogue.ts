import './addShows'
import i18next from 'i18next'
import { catalogueEn, catalogueZh } from './catalogue'

/** What the pages of hosts and products say comes with them: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', catalogueZh, true)
i18next.addResourceBundle('en', 'translation', catalogueEn, true)
