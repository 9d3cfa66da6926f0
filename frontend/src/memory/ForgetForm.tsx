import { useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useProblemText } from '../shared/problems'
import type { Shapes } from '../shared/rest'
import { memoryApi } from './api'
import type { Named } from './useNames'

type Subject = Shapes['ForgetRequest']['subject']

interface Values {
  subject: Subject
  id?: string
  name?: string
}

/** Forgetting on request: first how many that are, then, after another click, for good. */
export function ForgetForm({ names, onDone }: { names: Named; onDone: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const [form] = Form.useForm<Values>()
  const subject = Form.useWatch('subject', form) ?? 'person'
  const [counted, setCounted] = useState<{ body: Shapes['ForgetRequest']; documents: number }>()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>()
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true)
    setProblem(undefined)
    try {
      await work()
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  const count = (values: Values) =>
    attempt(async () => {
      const body = { ...values, dry_run: true }
      setCounted({ body, documents: (await memoryApi.forget(body)).documents })
    })
  const forget = () =>
    attempt(async () => {
      if (!counted) return
      const { documents } = await memoryApi.forget({ ...counted.body, dry_run: false })
      // What was forgotten does not stay on the page until the list has been read anew, which may fail.
      await cache.resetQueries({ queryKey: ['memory'] })
      message.success(t('memory.forgotten', { count: documents }))
      onDone()
    })
  const required = [{ required: true, whitespace: true, message: t('common.required') }]
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      initialValues={{ subject: 'person' }}
      onValuesChange={(changed) => {
        setCounted(undefined)
        if ('subject' in changed) form.resetFields(['id', 'name'])
      }}
      onFinish={(values) => void count(values)}
    >
      <p className="muted form-note">{t('memory.forgetHint')}</p>
      {problem !== undefined && <Alert type="error" showIcon role="alert" title={problemText(problem)} />}
      <Form.Item name="subject" label={t('memory.subject')}>
        <Select
          options={[
            { value: 'person', label: t('memory.person') },
            { value: 'host', label: t('memory.host') },
            { value: 'product', label: t('memory.product') },
          ]}
        />
      </Form.Item>
      {subject === 'person' ? (
        <Form.Item name="name" label={t('memory.personName')} rules={[...required, { min: 2 }]}>
          <Input maxLength={60} autoComplete="off" />
        </Form.Item>
      ) : (
        <Form.Item name="id" label={t(`memory.${subject}`)} rules={required}>
          <Select
            options={subject === 'host' ? names.hosts : names.products}
            showSearch={{ optionFilterProp: 'label' }}
          />
        </Form.Item>
      )}
      {counted && (
        <Alert
          type="warning"
          showIcon
          role="status"
          title={t('memory.counted', { count: counted.documents })}
        />
      )}
      <div className="row form-actions">
        {counted ? (
          <Button danger type="primary" loading={busy} onClick={() => void forget()} data-testid="forget-now">
            {t('memory.forgetNow')}
          </Button>
        ) : (
          <Button type="primary" htmlType="submit" loading={busy}>
            {t('memory.count')}
          </Button>
        )}
        <Button onClick={onDone}>{t('common.cancel')}</Button>
      </div>
    </Form>
  )
}
