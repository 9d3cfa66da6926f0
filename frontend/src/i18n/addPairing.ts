import i18next from 'i18next'
import { pairingEn, pairingZh } from './pairing'

/** What the dialog of pairing says comes with it. */
i18next.addResourceBundle('zh-CN', 'translation', pairingZh, true)
i18next.addResourceBundle('en', 'translation', pairingEn, true)
