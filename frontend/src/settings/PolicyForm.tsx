import '../i18n/addPolicies'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, InputNumber, Switch } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { faultsOf, faultText } from '../shared/forms'
import { useProblemText } from '../shared/problems'
import { settingsApi } from './api'
import { type Field, fields, groups, isFine, type PolicyName, sentOf, typedOf, type Value } from './policies'

type Typed = Partial<Record<PolicyName, Value | null>>

/** What the team wants done with scripts, how long things may take, how much is kept; for those who may change it. */
export function PolicyForm() {
  const { t, i18n } = useTranslation()
  const { modal, message } = App.useApp()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const told = useQuery({ queryKey: ['policies'], queryFn: settingsApi.policies, staleTime: 0 })
  // Only what was changed: what a colleague changes meanwhile is shown, and not taken back by saving something else.
  const [typed, setTyped] = useState<Typed>({})
  const [refused, setRefused] = useState<Partial<Record<PolicyName, string>>>({})
  const [problem, setProblem] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const saved = told.data

  const shownOf = (field: Field): Value | null => {
    const value = typed[field.name]
    return value === undefined ? typedOf(field, saved?.[field.name] ?? 0) : value
  }
  const changed = fields.filter(
    (field) =>
      typed[field.name] !== undefined && saved && shownOf(field) !== typedOf(field, saved[field.name]),
  )
  const wrong = changed.filter((field) => !isFine(field, shownOf(field)))
  const type = (name: PolicyName, value: Value | null) => {
    setTyped((now) => ({ ...now, [name]: value }))
    setRefused(({ [name]: _, ...others }) => others)
  }

  const send = async (
    body: Parameters<typeof settingsApi.changePolicies>[0],
    names: readonly PolicyName[],
  ) => {
    setBusy(true)
    setProblem(undefined)
    try {
      cache.setQueryData(['policies'], await settingsApi.changePolicies(body))
      setTyped((now) =>
        Object.fromEntries(Object.entries(now).filter(([name]) => !names.includes(name as PolicyName))),
      )
      message.success(t('policies.saved'))
    } catch (error) {
      const placed = faultsOf(error).filter(({ field }) => fields.some(({ name }) => name === field))
      setRefused(Object.fromEntries(placed.map((fault) => [fault.field, faultText(fault)])))
      if (placed.length === 0) setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  const save = (event: FormEvent) => {
    event.preventDefault()
    if (changed.length === 0 || wrong.length > 0) return
    const body = Object.fromEntries(
      changed.map((field) => [field.name, sentOf(field, shownOf(field) as Value)]),
    )
    const names = changed.map(({ name }) => name)
    // What was kept is gone with it, and nobody can bring it back.
    if (saved?.model_texts && body.model_texts === false) {
      modal.confirm({
        title: t('policies.forgetTitle'),
        content: t('policies.forgetHint'),
        okText: t('common.save'),
        okButtonProps: { danger: true },
        cancelText: t('common.cancel'),
        onOk: () => send(body, names),
      })
    } else void send(body, names)
  }
  const number = new Intl.NumberFormat(i18n.language)
  const bounds = ({ min = 0, max = 0, unit }: Field) =>
    t('policies.bounds', {
      min: unit === 'minutes' && min > 0 ? t('policies.second') : number.format(min),
      max: number.format(max),
    })

  return (
    <section className="settings-part" aria-labelledby="policies-title" data-testid="policies">
      <h2 id="policies-title">{t('policies.title')}</h2>
      <p className="muted">{t('policies.hint')}</p>
      {told.isError && (
        <Alert
          type="error"
          showIcon
          title={problemText(told.error)}
          action={<Button onClick={() => void told.refetch()}>{t('common.retry')}</Button>}
        />
      )}
      {told.isPending && <p className="skeleton">{t('common.loading')}</p>}
      {saved && (
        <form onSubmit={save} noValidate>
          {groups.map((group) => (
            <fieldset key={group.name} className="policy-group">
              <legend>{t(`policyGroup.${group.name as 'times'}`)}</legend>
              {group.fields.map((field) => {
                const { name, unit, resets } = field
                const value = shownOf(field)
                const fault =
                  refused[name] ??
                  (changed.includes(field) && wrong.includes(field) ? bounds(field) : undefined)
                const id = `policy-${name}`
                return (
                  <div key={name} className="policy" data-testid={id}>
                    <label htmlFor={id}>{t(`policy.${name}.name`)}</label>
                    <span className="row">
                      {unit === 'yes' ? (
                        <Switch
                          id={id}
                          checked={value === true}
                          onChange={(on) => type(name, on)}
                          aria-describedby={`${id}-about`}
                        />
                      ) : (
                        <>
                          <InputNumber<number>
                            id={id}
                            value={typeof value === 'number' ? value : null}
                            onChange={(next) => type(name, next)}
                            aria-describedby={`${id}-about`}
                            aria-invalid={fault !== undefined}
                            style={{ width: 128 }}
                            {...(fault !== undefined && { status: 'error' as const })}
                          />
                          <span className="muted">{t(`policyUnit.${unit}`)}</span>
                        </>
                      )}
                      {resets && (
                        <Button
                          type="text"
                          size="small"
                          disabled={busy}
                          aria-label={t('policies.resetNamed', { name: t(`policy.${name}.name`) })}
                          onClick={() => void send({ [name]: null }, [name])}
                        >
                          {t('policies.reset')}
                        </Button>
                      )}
                    </span>
                    <p
                      id={`${id}-about`}
                      className={fault ? 'fact-bad' : 'muted'}
                      role={fault ? 'alert' : undefined}
                    >
                      {fault ?? t(`policy.${name}.about`)}
                    </p>
                  </div>
                )
              })}
            </fieldset>
          ))}
          {problem !== undefined && <Alert type="error" showIcon title={problemText(problem)} role="alert" />}
          <div className="row">
            <Button
              type="primary"
              htmlType="submit"
              loading={busy}
              disabled={changed.length === 0 || wrong.length > 0}
              data-testid="save-policies"
            >
              {t('common.save')}
            </Button>
            <Button disabled={Object.keys(typed).length === 0 || busy} onClick={() => setTyped({})}>
              {t('common.cancel')}
            </Button>
            {changed.length > 0 && (
              <span className="muted">{t('policies.changed', { count: changed.length })}</span>
            )}
          </div>
        </form>
      )}
      <p className="muted">
        {t('policies.models')} <Link to="/models">{t('policies.toModels')}</Link>
      </p>
    </section>
  )
}
