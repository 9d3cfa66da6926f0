import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { recall, remember } from '../shared/storage'
import type { againZh } from './again'
import type { apiKeysZh } from './apiKeys'
import type { approvalDeskZh } from './approvalDesk'
import type { auditZh } from './audit'
import type { auditWordsZh } from './auditWords'
import type { catalogueZh } from './catalogue'
import type { commandZh } from './command'
import type { deskMoreZh } from './deskMore'
import type { draftsZh } from './drafts'
import type { elsewhereZh } from './elsewhere'
import type { evidenceZh } from './evidence'
import type { experimentsZh } from './experiments'
import type { faultsZh } from './faults'
import type { inMindZh } from './inMind'
import type { keepingZh } from './keeping'
import type { keysZh } from './keys'
import type { liveZh } from './live'
import type { memoryZh } from './memory'
import type { modelsZh } from './models'
import type { pairingZh } from './pairing'
import type { policiesZh } from './policies'
import type { preflightZh } from './preflight'
import { problemsZh } from './problems'
import type { reasonsZh } from './reasons'
import type { replayZh } from './replay'
import type { reviewZh } from './review'
import type { rulesZh } from './rules'
import type { settingsZh } from './settings'
import type { showsZh } from './shows'
import type { tourZh } from './tour'
import type { workZh } from './work'
import { zhCN } from './zh-CN'

export type Language = 'zh-CN' | 'en'

const KEY = 'cuedesk:language'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: {
      translation: typeof zhCN &
        typeof troublesZh & { fault: typeof faultsZh } & typeof workZh &
        typeof showsZh &
        typeof catalogueZh &
        typeof commandZh &
        typeof tourZh &
        typeof pairingZh &
        typeof policiesZh &
        typeof reasonsZh &
        typeof memoryZh &
        typeof modelsZh &
        typeof keysZh &
        typeof rulesZh &
        typeof experimentsZh &
        typeof reviewZh &
        typeof settingsZh &
        typeof deskMoreZh &
        typeof approvalDeskZh &
        typeof liveZh &
        typeof replayZh &
        typeof evidenceZh &
        typeof auditZh &
        typeof auditWordsZh &
        typeof draftsZh &
        typeof againZh &
        typeof elsewhereZh &
        typeof inMindZh &
        typeof apiKeysZh &
        typeof keepingZh &
        typeof preflightZh
    }
  }
}

const troublesZh = { problem: problemsZh }

function apply(language: Language): void {
  document.documentElement.lang = language
}

const first: Language = recall(KEY) === 'en' ? 'en' : 'zh-CN'

void i18next.use(initReactI18next).init({
  lng: first,
  fallbackLng: 'zh-CN',
  resources: {
    'zh-CN': { translation: { ...zhCN, ...troublesZh } },
  },
  interpolation: { escapeValue: false },
})

/** Say everything in a language. The English words come when somebody wants them: both would not fit into the shell. */
export async function speak(language: Language): Promise<void> {
  if (language === 'en') {
    const [{ en }, { problemsEn }] = await Promise.all([import('./en'), import('./problemsEn')])
    i18next.addResourceBundle('en', 'translation', { ...en, problem: problemsEn }, true)
  }
  apply(language)
  await i18next.changeLanguage(language)
}

/** When the words of the language that was chosen last are there; at once, in Chinese, when they cannot be had. */
export const spoken: Promise<void> = speak(first).catch(() => speak('zh-CN'))

export function chooseLanguage(language: Language): void {
  remember(KEY, language)
  void speak(language)
}
