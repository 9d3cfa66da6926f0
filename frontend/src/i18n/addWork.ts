import i18next from 'i18next'
import { workZh } from './work'

/** What the desk and the approvals say comes with them: other pages do without. */
i18next.addResourceBundle('zh-CN', 'translation', workZh, true)
