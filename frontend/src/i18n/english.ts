/**
 * The English words for Chinese ones: the same keys. Beside a key that counts there may be the form for one, named as
 * i18next looks for it; Chinese has none.
 */
export type English<T> = { [K in keyof T]: T[K] extends string ? string : English<T[K]> } & {
  [K in keyof T as T[K] extends string ? `${K & string}_one` : never]?: string
}
