import i18next from 'i18next'
import { showsEn, showsZh } from './shows'

/** What the pages of shows and of tables say comes with these pages: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', showsZh, true)
i18next.addResourceBundle('en', 'translation', showsEn, true)
