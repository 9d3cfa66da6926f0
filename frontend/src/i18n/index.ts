import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { recall, remember } from '../shared/storage'
import { en } from './en'
import type { keysZh } from './keys'
import type { memoryZh } from './memory'
import { faults, inLanguage, problems } from './problems'
import type { showsZh } from './shows'
import { zhCN } from './zh-CN'

export type Language = 'zh-CN' | 'en'

const KEY = 'cuedesk:language'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: {
      translation: ReturnType<typeof dictionary> & typeof showsZh & typeof memoryZh & typeof keysZh
    }
  }
}

function dictionary(language: 'zh' | 'en') {
  return {
    ...(language === 'en' ? en : zhCN),
    problem: inLanguage(problems, language),
    fault: inLanguage(faults, language),
  }
}

function apply(language: Language): void {
  document.documentElement.lang = language
}

const first: Language = recall(KEY) === 'en' ? 'en' : 'zh-CN'

void i18next.use(initReactI18next).init({
  lng: first,
  fallbackLng: 'zh-CN',
  resources: { 'zh-CN': { translation: dictionary('zh') }, en: { translation: dictionary('en') } },
  interpolation: { escapeValue: false },
})
apply(first)

export function chooseLanguage(language: Language): void {
  remember(KEY, language)
  apply(language)
  void i18next.changeLanguage(language)
}
