import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Assumed } from '../shared/Assumed'
import { moment } from '../shared/format'
import { useProblemText } from '../shared/problems'
import { evidenceApi, type State } from './api'
import { type Fact, factsOf, isStale } from './facts'

const DAY_MS = 86_400_000

/** The product's record as it is now, how old it is, what of it the writer was given otherwise, and what was assumed. */
export function Product({
  id,
  name,
  used,
  assumed,
  content,
}: {
  id: string | undefined
  name: string | undefined
  /** What the run knew; `undefined` until it is read, null when it is not kept any more. */
  used: State | null | undefined
  assumed: readonly string[]
  content: string
}) {
  const { t, i18n } = useTranslation()
  const problemText = useProblemText()
  const record = useQuery({
    queryKey: ['evidence', 'product', id],
    queryFn: () => evidenceApi.product(id ?? ''),
    enabled: id !== undefined,
    // What may go on air now is judged by what holds now.
    staleTime: 0,
    retry: false,
  })
  if (record.error)
    return <p className="muted">{t('evidence.unread', { reason: problemText(record.error) })}</p>
  if (used === undefined || (id !== undefined && record.data === undefined))
    return <p className="skeleton">{t('common.loading')}</p>
  const given = typeof used?.product === 'object' ? (used.product as Record<string, unknown> | null) : null
  const now = record.data ?? null
  const facts = factsOf(given, now, content, (count, total) => t('evidence.step', { count, total }))
  return (
    <>
      {!id && <p className="muted">{name ?? t('evidence.noProduct')}</p>}
      {now && (
        <p>
          <Link className="text-link" to={`/products/${now.id}`}>
            {now.name}
          </Link>
          <span className="muted number evidence-fresh">
            {t('evidence.updated', {
              time: moment(now.updated_at, i18n.language),
              ago: ago(now.updated_at, i18n.language),
            })}
          </span>
        </p>
      )}
      {id && !now && <p className="fact-bad">{t('evidence.gone')}</p>}
      {now && given && (
        <p>
          <span className={`state state-${isStale(facts) ? 'urgent' : 'approve'}`} data-testid="freshness">
            {t(isStale(facts) ? 'evidence.changedSince' : 'evidence.unchangedSince')}
          </span>
        </p>
      )}
      <dl className="evidence-facts">
        {facts.map((fact) => (
          <FactRow key={nameOf(fact)} fact={fact} />
        ))}
      </dl>
      <Assumed list={assumed} />
    </>
  )
}

const nameOf = ({ name }: Fact) => (typeof name === 'string' ? name : `label:${name.label}`)

function FactRow({ fact: { name, now, was, said } }: { fact: Fact }) {
  const { t } = useTranslation()
  const sum = name === 'price' || name === 'list_price' ? '¥' : ''
  const inWords = (values: readonly string[]) =>
    values.map((value) => sum + value).join('；') || t('evidence.none')
  return (
    <div data-testid="fact" data-changed={was !== undefined}>
      <dt>{typeof name === 'string' ? t(`evidence.${name}`) : name.label}</dt>
      <dd>
        <span className="number">{inWords(now)}</span>
        {said && <span className="tag tag-info">{t('evidence.said')}</span>}
        {was && <span className="tag tag-fail">{t('evidence.was', { value: inWords(was) })}</span>}
      </dd>
    </div>
  )
}

/** How long ago something was, roughly. */
function ago(iso: string, language: string): string {
  const past = Date.now() - Date.parse(iso)
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  if (past < DAY_MS / 24) return format.format(-Math.round(past / 60_000), 'minute')
  if (past < DAY_MS) return format.format(-Math.round((past / DAY_MS) * 24), 'hour')
  return format.format(-Math.round(past / DAY_MS), 'day')
}
