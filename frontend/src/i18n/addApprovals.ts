import i18next from 'i18next'
import { approvalDeskEn, approvalDeskZh } from './approvalDesk'

/** What the page of approvals says comes with it: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', approvalDeskZh, true)
i18next.addResourceBundle('en', 'translation', approvalDeskEn, true)
