import i18next from 'i18next'
import { auditEn, auditZh } from './audit'
import { auditWordsEn, auditWordsZh } from './auditWords'

/** What the page of the audit log says comes with it. */
i18next.addResourceBundle('zh-CN', 'translation', auditZh, true)
i18next.addResourceBundle('zh-CN', 'translation', auditWordsZh, true)
i18next.addResourceBundle('en', 'translation', auditEn, true)
i18next.addResourceBundle('en', 'translation', auditWordsEn, true)
