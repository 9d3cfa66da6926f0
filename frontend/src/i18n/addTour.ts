import i18next from 'i18next'
import { tourEn, tourZh } from './tour'

/** What the tour says comes with it: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', tourZh, true)
i18next.addResourceBundle('en', 'translation', tourEn, true)
