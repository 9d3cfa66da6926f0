import i18next from 'i18next'
import { elsewhereEn, elsewhereZh } from './elsewhere'

/** Comes with the page that is not there, and with what listens to the line. */
i18next.addResourceBundle('zh-CN', 'translation', elsewhereZh, true)
i18next.addResourceBundle('en', 'translation', elsewhereEn, true)
