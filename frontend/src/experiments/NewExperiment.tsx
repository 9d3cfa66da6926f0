import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Form, type FormInstance, Input, InputNumber, Radio, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCommandKeys } from '../shared/commands'
import { showFieldErrors } from '../shared/forms'
import { useProblemText } from '../shared/problems'
import { type Experiment, experimentsApi } from './api'
import { blocks, refusalOf, sections, styles, sumOf, toVariant, type Way } from './ways'

interface Values {
  key: string
  question?: string
  unit: Experiment['unit']
  variants: Way[]
}

const first: Values = {
  key: '',
  unit: 'thread',
  variants: [
    { key: 'usual', weight: 50 },
    { key: 'tried', weight: 50 },
  ],
}
const MOST = 8

/** Make an experiment, as a draft: what is to be found out, and the ways to write. */
export function NewExperiment({ onMade }: { onMade: () => void }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const [form] = Form.useForm<Values>()
  const keyFor = useCommandKeys()
  const [saving, setSaving] = useState(false)
  const [problem, setProblem] = useState<string>()
  const typed = Form.useWatch('variants', form) ?? first.variants
  const sum = sumOf(typed.map((way) => way?.weight))

  const submit = async ({ key, question = '', unit, variants }: Values) => {
    const body = { key, question, unit, variants: variants.map(toVariant) }
    setSaving(true)
    setProblem(undefined)
    try {
      await experimentsApi.create(body, keyFor(body))
      await cache.invalidateQueries({ queryKey: ['experiments'] })
      onMade()
    } catch (error) {
      const refusal = refusalOf(error)
      setProblem(refusal ? t(refusal) : showFieldErrors(form as unknown as FormInstance, error, problemText))
    } finally {
      setSaving(false)
    }
  }
  const required = [{ required: true, message: t('common.required') }]
  const blockOptions = blocks.map((value) => ({ value, label: t(`experimentBlock.${value}`) }))
  const styleOptions = Object.entries(styles).map(([name, value]) => ({
    value,
    label: t(`experimentStyle.${name as keyof typeof styles}`),
  }))
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      initialValues={first}
      onFinish={(values) => void submit(values)}
      scrollToFirstError
    >
      {problem && <Alert type="error" showIcon title={problem} role="alert" />}
      <Form.Item name="key" label={t('experiment.key')} extra={t('experiment.keyHint')} rules={required}>
        <Input maxLength={40} />
      </Form.Item>
      <Form.Item name="question" label={t('experiment.question')}>
        <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 4 }} />
      </Form.Item>
      <Form.Item name="unit" label={t('experiment.unit')}>
        <Radio.Group
          options={[
            { value: 'thread', label: t('experimentUnit.thread') },
            { value: 'host', label: t('experimentUnit.host') },
          ]}
        />
      </Form.Item>
      <p className="muted form-note">{t('experiment.baseHint')}</p>
      <Form.List name="variants">
        {(fields, { add, remove }) => (
          <>
            {fields.map(({ key, name }, place) => (
              <fieldset key={key}>
                <legend>{t('experiment.variant', { number: place + 1 })}</legend>
                <div className="pair">
                  <Form.Item name={[name, 'key']} label={t('experiment.key')} rules={required}>
                    <Input maxLength={40} />
                  </Form.Item>
                  <Form.Item name={[name, 'weight']} label={t('experiment.weight')} rules={required}>
                    <InputNumber min={0} max={100} precision={0} />
                  </Form.Item>
                  <Form.Item name={[name, 'style']} label={t('experiment.style')}>
                    <Select
                      mode="multiple"
                      maxCount={2}
                      options={styleOptions}
                      showSearch={{ optionFilterProp: 'label' }}
                    />
                  </Form.Item>
                  <Form.Item name={[name, 'seed']} label={t('experiment.seed')}>
                    <InputNumber min={0} max={999_999} precision={0} />
                  </Form.Item>
                  <Form.Item name={[name, 'more']} label={t('experiment.more')}>
                    <Select
                      mode="multiple"
                      options={blockOptions}
                      showSearch={{ optionFilterProp: 'label' }}
                    />
                  </Form.Item>
                  <Form.Item name={[name, 'less']} label={t('experiment.less')}>
                    <Select
                      mode="multiple"
                      options={blockOptions}
                      showSearch={{ optionFilterProp: 'label' }}
                    />
                  </Form.Item>
                </div>
                <Form.Item name={[name, 'section']} label={t('experiment.section')}>
                  <Select allowClear options={sections.map((value) => ({ value, label: value }))} />
                </Form.Item>
                {typed[place]?.section && (
                  <Form.Item
                    name={[name, 'text']}
                    label={t('experiment.sectionText')}
                    extra={t('experiment.sectionHint')}
                    rules={required}
                  >
                    <Input.TextArea maxLength={4000} autoSize={{ minRows: 3, maxRows: 10 }} />
                  </Form.Item>
                )}
                {fields.length > 2 && place > 0 && (
                  <Button danger onClick={() => remove(name)}>
                    {t('experiment.remove', { name: typed[place]?.key ?? '' })}
                  </Button>
                )}
              </fieldset>
            ))}
            {fields.length < MOST && (
              <Button onClick={() => add({ weight: 0 })}>{t('experiment.add')}</Button>
            )}
          </>
        )}
      </Form.List>
      {sum !== 100 && <p role="status">{t('experiment.weightsHint', { sum })}</p>}
      <div className="row form-actions">
        <Button
          type="primary"
          htmlType="submit"
          loading={saving}
          disabled={sum !== 100}
          data-testid="save-experiment"
        >
          {t('common.save')}
        </Button>
      </div>
    </Form>
  )
}
