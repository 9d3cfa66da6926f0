import i18next from 'i18next'
import { auditEn, auditZh } from './audit'

/** What the page of the audit log says comes with it. */
i18next.addResourceBundle('zh-CN', 'translation', auditZh, true)
i18next.addResourceBundle('en', 'translation', auditEn, true)
