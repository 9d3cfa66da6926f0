import i18next from 'i18next'
import { faultsEn, faultsZh } from './faults'

/** What forms say at their fields comes with the first form: the shell has none. */
i18next.addResourceBundle('zh-CN', 'translation', { fault: faultsZh }, true)
i18next.addResourceBundle('en', 'translation', { fault: faultsEn }, true)
