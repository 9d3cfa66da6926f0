import { useTranslation } from 'react-i18next'
import type { FoundMemory } from '../memory/api'
import type { Shapes } from '../shared/rest'

/** What the writer was reminded of, and why of that. */
export function Memories({ told }: { told: Shapes['RunRecall'] }) {
  const { t } = useTranslation()
  const { recalled, rejections } = told
  if (recalled.length === 0 && rejections.length === 0)
    return <p className="muted">{t('evidence.noMemory')}</p>
  return (
    <>
      <ul className="evidence-memories">
        {recalled.map((one) => (
          <MemoryRow key={one.why.id} found={one} />
        ))}
      </ul>
      {rejections.length > 0 && (
        <>
          <p className="muted">{t('evidence.sentBack')}</p>
          <ul className="evidence-memories">
            {rejections.map((one) => (
              <MemoryRow key={one.why.id} found={one} />
            ))}
          </ul>
        </>
      )}
    </>
  )
}

function MemoryRow({ found: { why, memory } }: { found: FoundMemory }) {
  const { t } = useTranslation()
  const ranks = [
    ...(why.dense_rank ? [t('evidence.meaning', { rank: why.dense_rank })] : []),
    ...(why.sparse_rank ? [t('evidence.wording', { rank: why.sparse_rank })] : []),
  ]
  return (
    <li data-testid="cited">
      <span className="row">
        <span className="tag tag-plain">{t(`memoryKind.${why.kind}`)}</span>
        <span className="muted number">{ranks.join(' · ') || t('evidence.all')}</span>
      </span>
      {memory ? (
        <span className="evidence-memory" title={memory.content}>
          {memory.content}
        </span>
      ) : (
        <em className="muted">{t('memory.gone')}</em>
      )}
    </li>
  )
}
