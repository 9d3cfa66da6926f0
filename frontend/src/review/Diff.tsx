import '../i18n/addWork'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { changesBetween } from '../shared/text'

/** What changed between two texts, word by word. */
export function Diff({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation()
  const changes = useMemo(() => changesBetween(before, after), [before, after])
  if (before === after) return <p className="muted">{t('review.unchanged')}</p>
  return (
    <div className="script-text diff">
      {changes.map((change, place) => {
        const key = `${place}-${change.kind}`
        if (change.kind === 'added') return <ins key={key}>{change.text}</ins>
        if (change.kind === 'removed') return <del key={key}>{change.text}</del>
        return <span key={key}>{change.text}</span>
      })}
    </div>
  )
}
