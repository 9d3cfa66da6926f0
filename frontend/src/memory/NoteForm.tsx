import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCommandKeys } from '../shared/commands'
import { showFieldErrors } from '../shared/forms'
import { useProblemText } from '../shared/problems'
import { useFormDraft } from '../shared/useFormDraft'
import { memoryApi } from './api'
import type { Named } from './useNames'

interface Values {
  content: string
  host_id?: string
  product_id?: string
}

/** A note to remember, of a host or a product or of all. */
export function NoteForm({ names, onDone }: { names: Named; onDone: () => void }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const keyFor = useCommandKeys()
  const [form] = Form.useForm<Values>()
  const draft = useFormDraft<Values>(form, 'form:note', { content: '' })
  const [saving, setSaving] = useState(false)
  const [problem, setProblem] = useState<string>()
  const submit = async (values: Values) => {
    setSaving(true)
    setProblem(undefined)
    try {
      await memoryApi.note({ scenario: '', ...values }, keyFor(values))
      draft.drop()
      await cache.invalidateQueries({ queryKey: ['memory'] })
      onDone()
    } catch (error) {
      setProblem(showFieldErrors(form, error, problemText))
    } finally {
      setSaving(false)
    }
  }
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      initialValues={draft.initialValues}
      onValuesChange={draft.onValuesChange}
      onFinish={(values) => void submit(values)}
    >
      {draft.notice}
      {problem && <Alert type="error" showIcon title={problem} role="alert" />}
      <Form.Item
        name="content"
        label={t('memory.note')}
        extra={t('memory.noteHint')}
        rules={[{ required: true, whitespace: true, message: t('common.required') }]}
      >
        <Input.TextArea maxLength={2000} showCount autoSize={{ minRows: 4, maxRows: 12 }} />
      </Form.Item>
      <Form.Item name="host_id" label={t('memory.host')}>
        <Select allowClear options={names.hosts} showSearch={{ optionFilterProp: 'label' }} />
      </Form.Item>
      <Form.Item name="product_id" label={t('memory.product')}>
        <Select allowClear options={names.products} showSearch={{ optionFilterProp: 'label' }} />
      </Form.Item>
      <div className="row form-actions">
        <Button type="primary" htmlType="submit" loading={saving} data-testid="save-note">
          {t('common.save')}
        </Button>
        <Button
          onClick={() => {
            draft.drop()
            onDone()
          }}
        >
          {t('common.cancel')}
        </Button>
      </div>
    </Form>
  )
}
