import i18next from 'i18next'
import { replayEn, replayZh } from './replay'

/** What the replay says comes with it: it would not fit into the shell's size. */
i18next.addResourceBundle('zh-CN', 'translation', replayZh, true)
i18next.addResourceBundle('en', 'translation', replayEn, true)
