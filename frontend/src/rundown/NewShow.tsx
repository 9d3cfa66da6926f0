import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Checkbox, Form, type FormInstance, Input, InputNumber, Radio, Select } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { useCommandKeys } from '../shared/commands'
import { clockTime } from '../shared/format'
import { showFieldErrors } from '../shared/forms'
import { useProblemText } from '../shared/problems'
import { RestProblem, type Shapes } from '../shared/rest'
import { TableFile } from '../shared/TableFile'
import { useFormDraft } from '../shared/useFormDraft'
import { everyPair, type Scenario, scenarios, type Wanted } from './plan'
import { TablePreview } from './TablePreview'
import { useTableFile } from './useTableFile'

interface Values {
  name: string
  room_id: string
  starts_at?: string
  minutes: number
  source: 'table' | 'choice'
  segments: Scenario[]
  products?: string[]
}

const first: Partial<Values> = { minutes: 120, source: 'table', segments: ['selling_points'] }

/** Make a show: from a table whose faults are shown at their rows, or of chosen products and segments. */
export default function NewShow({ onMade }: { onMade: (id: string) => void }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const [form] = Form.useForm<Values>()
  const draft = useFormDraft<Partial<Values>>(
    form as unknown as FormInstance<Partial<Values>>,
    'form:show',
    first,
  )
  const keyFor = useCommandKeys()
  const [saving, setSaving] = useState(false)
  const [problem, setProblem] = useState<string>()
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms })
  const products = useQuery({ queryKey: ['products'], queryFn: api.products })
  const source = Form.useWatch('source', form) ?? 'table'
  const segments = Form.useWatch('segments', form)
  const chosen = Form.useWatch('products', form)
  const roomId = Form.useWatch('room_id', form)
  const minutes = Form.useWatch('minutes', form)
  const table = useTableFile(segments)

  const wanted = useMemo<Wanted[]>(() => {
    if (source === 'table') return table.read?.errors.length === 0 ? table.read.items : []
    const ids = chosen ?? []
    const known = ids.flatMap((id) => products.data?.find((product) => product.id === id) ?? [])
    return everyPair(known, segments ?? [])
  }, [source, table.read, chosen, products.data, segments])
  const request = useMemo<Shapes['PlanRequest'] | null>(
    () =>
      roomId && minutes && wanted.length > 0
        ? {
            room_id: roomId,
            total_seconds: Math.round(minutes * 60),
            items: wanted.map(({ scenario, seconds }) => ({ scenario, seconds })),
          }
        : null,
    [roomId, minutes, wanted],
  )
  const planned = useQuery({
    queryKey: ['show plan', request],
    queryFn: () => (request ? api.planShow(request) : Promise.reject(new Error('nothing to plan'))),
    enabled: request !== null,
    retry: false,
  })

  const submit = async (values: Values) => {
    const body: Shapes['NewShow'] = {
      name: values.name,
      room_id: values.room_id,
      starts_at: values.starts_at ? new Date(values.starts_at).toISOString() : null,
      total_seconds: Math.round(values.minutes * 60),
      items: wanted.map(({ product_id, scenario, seconds, notes }) => ({
        product_id,
        scenario,
        seconds,
        notes,
      })),
    }
    setSaving(true)
    setProblem(undefined)
    try {
      const { show } = await api.createShow(body, keyFor(body))
      draft.drop()
      await cache.invalidateQueries({ queryKey: ['shows'] })
      onMade(show.id)
    } catch (error) {
      setProblem(showFieldErrors(form as unknown as FormInstance, error, problemText))
    } finally {
      setSaving(false)
    }
  }
  const required = [{ required: true, message: t('common.required') }]
  const segmentOptions = scenarios.map((value) => ({ value, label: t(`scenario.${value}`) }))
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      initialValues={draft.initialValues}
      onValuesChange={draft.onValuesChange}
      onFinish={(values) => void submit(values)}
      scrollToFirstError
    >
      {draft.notice}
      {problem && <Alert type="error" showIcon title={problem} role="alert" />}
      <div className="pair">
        <Form.Item name="name" label={t('show.name')} rules={required}>
          <Input maxLength={80} />
        </Form.Item>
        <Form.Item name="room_id" label={t('show.room')} rules={required}>
          <Select
            options={rooms.data?.map(({ id, name }) => ({ value: id, label: name }))}
            loading={rooms.isPending}
          />
        </Form.Item>
        <Form.Item name="starts_at" label={t('show.startsAt')}>
          <Input type="datetime-local" />
        </Form.Item>
        <Form.Item name="minutes" label={t('show.minutes')} rules={required}>
          <InputNumber min={1} max={1440} precision={0} style={{ width: '100%' }} />
        </Form.Item>
      </div>
      <Form.Item name="source" label={t('show.source')}>
        <Radio.Group
          options={[
            { value: 'table', label: t('show.fromTable') },
            { value: 'choice', label: t('show.fromChoice') },
          ]}
        />
      </Form.Item>
      <Form.Item name="segments" label={t(source === 'table' ? 'show.segmentsOtherwise' : 'show.segments')}>
        <Checkbox.Group options={segmentOptions} />
      </Form.Item>
      {source === 'choice' ? (
        <Form.Item name="products" label={t('show.products')} rules={required}>
          <Select
            mode="multiple"
            optionFilterProp="label"
            options={products.data?.map(({ id, name }) => ({ value: id, label: name }))}
            loading={products.isPending}
          />
        </Form.Item>
      ) : (
        <div>
          <TableFile id="show-table" hint={t('show.fileHint')} onChoose={table.choose} />
          {table.reading && <p className="skeleton">{t('common.loading')}</p>}
          {table.problem !== undefined && (
            <Alert type="error" showIcon title={problemText(table.problem)} role="alert" />
          )}
        </div>
      )}
      {planned.error && (
        <Alert type="error" showIcon title={tooShort(planned.error) ?? problemText(planned.error)} />
      )}
      {planned.data && (
        <p role="status" data-testid="plan-sums">
          {t('show.sums', {
            scripts: wanted.length,
            products: new Set(wanted.map(({ product_id }) => product_id)).size,
            time: clockTime(planned.data.seconds.reduce((sum, one) => sum + one, 0)),
            characters: planned.data.characters.reduce((sum, one) => sum + one, 0),
            pace: planned.data.pace,
          })}
          {planned.data.left_seconds > 0 &&
            ` ${t('show.left', { time: clockTime(planned.data.left_seconds) })}`}
        </p>
      )}
      {source === 'table' && table.read && <TablePreview read={table.read} planned={planned.data?.seconds} />}
      <div className="row form-actions">
        <Button
          type="primary"
          htmlType="submit"
          loading={saving}
          disabled={wanted.length === 0 || !planned.data}
          data-testid="accept-plan"
        >
          {t('show.accept')}
        </Button>
      </div>
    </Form>
  )

  function tooShort(error: unknown): string | undefined {
    if (!(error instanceof RestProblem) || error.code !== 'show_too_short') return undefined
    return t('show.tooShort', { minutes: Math.ceil(Number(error.details.needed_seconds) / 60) })
  }
}
