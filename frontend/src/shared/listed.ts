import i18next from 'i18next'

/** Things one after the other, as the language of the page (or another) sets them apart. */
export const listed = (names: readonly unknown[], language = i18next.language): string =>
  names.join(language === 'en' ? ', ' : '、')
