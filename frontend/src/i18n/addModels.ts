import i18next from 'i18next'
import { modelsEn, modelsZh } from './models'

/** What the page of models says comes with it: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', modelsZh, true)
i18next.addResourceBundle('en', 'translation', modelsEn, true)
