import '../i18n/addPreflight'
import './preflight.css'
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Input, InputNumber, Select } from 'antd'
import { type FormEvent, useId, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { useProblemText } from '../shared/problems'
import type { Shapes } from '../shared/rest'
import { type Skill, settingsApi } from './api'
import { type Pairs, type Slot, slotsOf, slotsSent, type Typed, wrongSlots } from './preflight'

const scenarios = ['opening', 'selling_points', 'promotion', 'seeding', 'transition', 'closing'] as const
const noPairs: Pairs = { products: [], scenarios: [] }

/** Asks beforehand what a skill would lack of what is known: nothing is begun. */
export default function Preflight({ skill }: { skill: Skill }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const id = useId()
  const slots = useMemo(() => slotsOf(skill.inputs, skill.required), [skill])
  const has = (kind: Slot['kind']) => slots.some((slot) => slot.kind === kind)
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms, enabled: has('room') })
  const hosts = useQuery({ queryKey: ['hosts'], queryFn: api.hosts, enabled: has('host') })
  const products = useQuery({
    queryKey: ['products'],
    queryFn: api.products,
    enabled: has('product') || has('pairs'),
  })
  const [typed, setTyped] = useState<Typed>({})
  const [checked, setChecked] = useState<{ of: Typed; found: Shapes['Checked'] }>()
  const [problem, setProblem] = useState<unknown>()
  const [busy, setBusy] = useState(false)

  const check = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(undefined)
    try {
      setChecked({ of: typed, found: await settingsApi.checkSkill(skill.name, slotsSent(slots, typed)) })
    } catch (error) {
      setChecked(undefined)
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  const type = (name: string, value: Typed[string]) => setTyped((now) => ({ ...now, [name]: value }))
  const entries = (read: {
    data: readonly { id: string; name: string }[] | undefined
    isPending: boolean
  }) => ({
    options: (read.data ?? []).map((entry) => ({ value: entry.id, label: entry.name })),
    loading: read.isPending,
    showSearch: { optionFilterProp: 'label' },
  })
  const named = (name: string) => t(`preflight.slots.${name as 'scenario'}`)
  const of = (choice: string) =>
    (scenarios as readonly string[]).includes(choice)
      ? t(`scenario.${choice as 'opening'}`)
      : t(`preflight.choices.${choice as 'shorter'}`)

  const field = (slot: Slot) => {
    const { name, kind } = slot
    const value = typed[name]
    const field = `${id}-${name}`
    const wide = { id: field, style: { width: '100%' } }
    switch (kind) {
      case 'room':
      case 'product':
      case 'host':
        return (
          <Select<string>
            {...wide}
            {...entries(kind === 'room' ? rooms : kind === 'host' ? hosts : products)}
            allowClear
            value={(value as string) ?? null}
            onChange={(chosen) => type(name, chosen)}
          />
        )
      case 'choice':
        return (
          <Select<string>
            {...wide}
            allowClear
            value={(value as string) ?? null}
            onChange={(chosen) => type(name, chosen)}
            options={slot.choices.map((choice) => ({ value: choice, label: of(choice) }))}
          />
        )
      case 'number':
        return (
          <InputNumber<number>
            {...wide}
            value={(value as number) ?? null}
            onChange={(number) => type(name, number)}
          />
        )
      case 'words':
        return (
          <Select<string[]>
            {...wide}
            mode="tags"
            open={false}
            suffixIcon={null}
            placeholder={t('preflight.words')}
            value={(value as string[]) ?? []}
            onChange={(words) => type(name, words)}
          />
        )
      case 'pairs': {
        const pairs = (value as Pairs) ?? noPairs
        return (
          <span className="preflight-pairs">
            <Select<string[]>
              {...wide}
              {...entries(products)}
              mode="multiple"
              placeholder={t('preflight.products')}
              value={[...pairs.products]}
              onChange={(chosen) => type(name, { ...pairs, products: chosen })}
            />
            <Select<string[]>
              style={{ width: '100%' }}
              aria-label={t('preflight.scenarios')}
              mode="multiple"
              placeholder={t('preflight.scenarios')}
              value={[...pairs.scenarios]}
              onChange={(chosen) => type(name, { ...pairs, scenarios: chosen })}
              options={scenarios.map((one) => ({ value: one, label: t(`scenario.${one}`) }))}
            />
          </span>
        )
      }
      case 'long':
        return (
          <Input.TextArea
            {...wide}
            autoSize={{ minRows: 2, maxRows: 8 }}
            value={(value as string) ?? ''}
            onChange={({ target }) => type(name, target.value)}
          />
        )
      case 'short':
        return (
          <Input
            {...wide}
            value={(value as string) ?? ''}
            onChange={({ target }) => type(name, target.value)}
          />
        )
    }
  }
  const why = ({ kind, min, max, most }: Slot) =>
    kind === 'number' && min !== undefined && max !== undefined
      ? t('preflight.between', { min, max })
      : most !== undefined
        ? t('preflight.most', { count: most })
        : t('preflight.wrong')

  return (
    <form
      className="preflight"
      onSubmit={(event) => void check(event)}
      data-testid={`preflight-${skill.name}`}
    >
      <p className="muted">{t('preflight.hint')}</p>
      {slots.map((slot) => (
        <div key={slot.name} className="preflight-slot">
          <label htmlFor={`${id}-${slot.name}`}>
            {named(slot.name)}
            {slot.required && <span className="muted"> · {t('preflight.required')}</span>}
          </label>
          {field(slot)}
        </div>
      ))}
      <div className="row">
        <Button htmlType="submit" loading={busy} data-testid={`check-${skill.name}`}>
          {t('preflight.check')}
        </Button>
        {checked && checked.of !== typed && <span className="muted">{t('preflight.stale')}</span>}
      </div>
      {problem !== undefined && <Alert type="error" showIcon role="alert" title={problemText(problem)} />}
      {checked && (
        <div
          role="status"
          data-testid="preflight-found"
          className={checked.of === typed ? undefined : 'muted'}
        >
          {!checked.found.allowed && <p>{t('preflight.mayNot')}</p>}
          {checked.found.ready && <p>{t('preflight.ready')}</p>}
          {checked.found.missing.length > 0 && (
            <p>{t('preflight.missing', { names: checked.found.missing.map(named).join(' · ') })}</p>
          )}
          {checked.found.question && (
            <p>
              {t('preflight.asks')} <Asked {...checked.found} />
            </p>
          )}
          {wrongSlots(slots, checked.found.invalid).map((slot) => (
            <p key={slot.name}>{t('preflight.faulty', { name: named(slot.name), why: why(slot) })}</p>
          ))}
        </div>
      )}
    </form>
  )
}

/** The agent's question in the page's language; one that we have no words for is quoted in Chinese, as it is asked. */
function Asked({ question, missing }: Pick<Shapes['Checked'], 'question' | 'missing'>) {
  const { t, i18n } = useTranslation()
  const key = `preflight.questions.${missing[0]}`
  return i18n.exists(key) ? <q>{t(key as 'preflight.asks')}</q> : <q lang="zh-CN">{question}</q>
}
