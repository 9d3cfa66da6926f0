import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Form, Input } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { faultsOf, faultText } from '../shared/forms'
import { useProblemText } from '../shared/problems'
import { Unread } from '../shared/Unread'
import { type Budget as Known, type Limit, limits, modelsApi } from './api'
import { Used } from './Used'

type Typed = Record<Limit, string>

/** A sum as a person types it: `String` would write 1e-7. */
const plain = (sum: number | null): string =>
  sum === null ? '' : String(sum).includes('e') ? sum.toFixed(9).replace(/\.?0+$/, '') : String(sum)

const saved = (budget: Known): Typed => ({
  model_tokens_per_minute: String(budget.tokens_per_minute ?? ''),
  model_calls_per_second: String(budget.calls_per_second ?? ''),
  model_cost_soft: plain(budget.cost_soft),
  model_cost_hard: plain(budget.cost_hard),
})
const wholes: readonly Limit[] = ['model_tokens_per_minute', 'model_calls_per_second']

/** What the team may use of language models, how much of it is used, and for who may: the limits to change. */
export function Budget({ writes }: { writes: boolean }) {
  const { t } = useTranslation()
  const told = useQuery({
    queryKey: ['models', 'budget'],
    queryFn: modelsApi.budget,
    staleTime: 0,
    refetchInterval: 10_000,
  })
  return (
    <section className="settings-part" aria-labelledby="budget-title" data-testid="model-budget">
      <h2 id="budget-title">{t('modelBudget.title')}</h2>
      <Unread asked={told} />
      {told.isPending && <p className="skeleton">{t('common.loading')}</p>}
      {told.data && (
        <>
          <Used budget={told.data} />
          {writes ? <Limits budget={told.data} /> : <p className="muted">{t('common.mayNotChange')}</p>}
        </>
      )}
    </section>
  )
}

/** What is typed stays until it is saved or taken back, whatever is wrong with it and whatever is read meanwhile. */
function Limits({ budget }: { budget: Known }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const [base, setBase] = useState(() => saved(budget))
  const [typed, setTyped] = useState(base)
  const [refused, setRefused] = useState<Partial<Typed>>({})
  const [problem, setProblem] = useState<unknown>()
  const [busy, setBusy] = useState(false)

  const known = saved(budget)
  const changed = limits.filter((limit) => typed[limit].trim() !== base[limit])
  useEffect(() => {
    // Nothing is typed: what a colleague saved is shown.
    if (changed.length === 0 && limits.some((limit) => base[limit] !== known[limit])) {
      setBase(known)
      setTyped(known)
    }
  })

  const wrong = (limit: Limit): string | undefined => {
    const text = typed[limit].trim()
    if (refused[limit]) return refused[limit]
    if (text === '') return undefined
    if (wholes.includes(limit)) return /^0*[1-9]\d*$/.test(text) ? undefined : t('modelBudget.whole')
    return /^\d+(\.\d+)?$/.test(text) ? undefined : t('modelBudget.amount')
  }
  const [soft, hard] = [typed.model_cost_soft.trim(), typed.model_cost_hard.trim()]
  const late = soft !== '' && hard !== '' && Number(soft) > Number(hard)
  const faulty = late || limits.some((limit) => wrong(limit) !== undefined)

  const save = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      const body = Object.fromEntries(
        changed.map((limit) => [limit, typed[limit].trim() === '' ? null : Number(typed[limit])]),
      )
      await modelsApi.limit(body)
      const now = await cache.fetchQuery({
        queryKey: ['models', 'budget'],
        queryFn: modelsApi.budget,
        staleTime: 0,
      })
      setBase(saved(now))
      setTyped(saved(now))
      message.success(t('modelBudget.saved'))
    } catch (error) {
      const placed = faultsOf(error).filter(({ field }) => limits.includes(field as Limit))
      setRefused(Object.fromEntries(placed.map((fault) => [fault.field, faultText(fault)])))
      if (placed.length === 0) setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      className="settings-part"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (changed.length > 0 && !faulty && !busy) void save()
      }}
    >
      <p className="muted">{t('modelBudget.hint')}</p>
      <div className="model-limits">
        {limits.map((limit) => (
          <Form.Item
            key={limit}
            layout="vertical"
            label={t(`modelBudget.${limit}`)}
            htmlFor={limit}
            extra={t(`modelBudget.${limit}_hint`)}
            help={wrong(limit) && <span id={`${limit}-wrong`}>{wrong(limit)}</span>}
            {...(wrong(limit) ? { validateStatus: 'error' as const } : {})}
          >
            <Input
              id={limit}
              inputMode="decimal"
              autoComplete="off"
              maxLength={16}
              placeholder={t('modelBudget.none')}
              value={typed[limit]}
              aria-invalid={wrong(limit) !== undefined}
              aria-describedby={wrong(limit) ? `${limit}-wrong` : undefined}
              onChange={({ target }) => {
                setTyped((now) => ({ ...now, [limit]: target.value }))
                setRefused((now) => ({ ...now, [limit]: undefined }))
              }}
            />
          </Form.Item>
        ))}
      </div>
      {late && <Alert type="error" showIcon title={t('modelBudget.late')} />}
      {problem !== undefined && <Alert type="error" showIcon role="alert" title={problemText(problem)} />}
      <div className="row">
        <Button
          type="primary"
          htmlType="submit"
          loading={busy}
          disabled={changed.length === 0 || faulty}
          data-testid="save-limits"
        >
          {t('modelBudget.save')}
        </Button>
        {changed.length > 0 && (
          <Button
            onClick={() => {
              setTyped(base)
              setRefused({})
              setProblem(undefined)
            }}
          >
            {t('modelBudget.discard')}
          </Button>
        )}
      </div>
    </form>
  )
}
