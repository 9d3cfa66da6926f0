export const policiesZh = {}
export const policiesEn: typeof policiesZh = {}
