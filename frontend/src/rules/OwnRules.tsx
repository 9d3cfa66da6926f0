import { DeleteOutlined, EditOutlined, ImportOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Drawer, Empty, Form, Input, Select, Table } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fromLines, toLines } from '../shared/forms'
import { listed } from '../shared/listed'
import { useFormDraft } from '../shared/useFormDraft'
import type { OwnRule, Rule } from './api'
import { freshId, imported } from './draft'
import type { Editing } from './Effective'

const RuleImport = lazy(() => import('./RuleImport'))

const severities = ['block', 'fail', 'warn', 'info'] as const

/** The team's own rules, as they are edited. */
export function OwnRules({ draft, change, writes }: Editing) {
  const { t } = useTranslation()
  const [open, setOpen] = useState<{ place: number | undefined }>()
  const [importing, setImporting] = useState(false)
  const { rules } = draft
  const put = (rule: OwnRule) => {
    const place = open?.place
    change({
      rules: place === undefined ? [...rules, rule] : rules.map((was, n) => (n === place ? rule : was)),
    })
    setOpen(undefined)
  }
  return (
    <>
      {writes && (
        <div className="row rule-tools">
          <Button
            icon={<PlusOutlined />}
            onClick={() => setOpen({ place: undefined })}
            data-testid="add-rule"
          >
            {t('rules.add')}
          </Button>
          <Button icon={<ImportOutlined />} onClick={() => setImporting(true)}>
            {t('rules.import')}
          </Button>
        </div>
      )}
      <Table<OwnRule>
        rowKey={(rule) => `${rules.indexOf(rule)} ${rule.id}`}
        size="small"
        dataSource={rules}
        pagination={{ pageSize: 25, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty description={t('rules.noOwn')} /> }}
        columns={[
          { title: t('rules.id'), dataIndex: 'id', width: 110, className: 'number' },
          {
            title: t('rules.title'),
            dataIndex: 'title',
            width: 180,
            render: (title?: string) => title || '–',
          },
          {
            title: t('rules.severity'),
            dataIndex: 'severity',
            width: 100,
            render: (severity: Rule['severity']) => (
              <span className={`tag tag-${severity}`}>
                {severities.includes(severity) ? t(`severity.${severity}`) : severity}
              </span>
            ),
          },
          {
            title: t('rules.terms'),
            key: 'terms',
            render: (_, rule) => (
              <span className="rule-terms">{listed([...rule.terms, ...rule.patterns])}</span>
            ),
          },
          {
            key: 'actions',
            width: 96,
            title: <span className="visually-hidden">{t('common.actions')}</span>,
            render: (_, rule) =>
              writes && (
                <span className="row">
                  <Button
                    type="text"
                    icon={<EditOutlined />}
                    aria-label={t('rules.edit', { name: rule.title || rule.id })}
                    onClick={() => setOpen({ place: rules.indexOf(rule) })}
                  />
                  <Button
                    type="text"
                    danger
                    icon={<DeleteOutlined />}
                    aria-label={t('rules.remove', { name: rule.title || rule.id })}
                    onClick={() => change({ rules: rules.filter((one) => one !== rule) })}
                  />
                </span>
              ),
          },
        ]}
      />
      <Drawer
        open={open !== undefined}
        onClose={() => setOpen(undefined)}
        size={560}
        title={open?.place === undefined ? t('rules.add') : rules[open.place]?.title || rules[open.place]?.id}
        destroyOnHidden
      >
        {open && (
          <RuleForm
            key={open.place ?? 'new'}
            rule={open.place === undefined ? undefined : rules[open.place]}
            freshId={freshId(rules)}
            onDone={put}
          />
        )}
      </Drawer>
      <Drawer
        open={importing}
        onClose={() => setImporting(false)}
        size={720}
        title={t('rules.import')}
        destroyOnHidden
      >
        <Suspense fallback={<p className="skeleton">{t('common.loading')}</p>}>
          {importing && (
            <RuleImport
              onRead={(fresh) => {
                change({ rules: imported(rules, fresh) })
                setImporting(false)
              }}
            />
          )}
        </Suspense>
      </Drawer>
    </>
  )
}

function RuleForm({
  rule,
  freshId,
  onDone,
}: {
  rule: OwnRule | undefined
  freshId: string
  onDone: (rule: OwnRule) => void
}) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const draft = useFormDraft<Values>(form, `form:rule:${rule?.id ?? 'new'}`, {
    id: rule?.id ?? freshId,
    title: rule?.title ?? '',
    severity: rule?.severity ?? 'block',
    terms: fromLines(rule?.terms ?? []),
    patterns: fromLines(rule?.patterns ?? []),
    allow: fromLines(rule?.allow ?? []),
    about: rule?.about ?? '',
    basis: rule?.basis ?? '',
    advice: rule?.advice ?? '',
  })
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      initialValues={draft.initialValues}
      onValuesChange={draft.onValuesChange}
      onFinish={(values) => {
        draft.drop()
        onDone({
          category: 'house_rule',
          replace: {},
          ...rule,
          ...values,
          id: values.id.trim(),
          terms: toLines(values.terms),
          patterns: toLines(values.patterns),
          allow: toLines(values.allow),
        })
      }}
    >
      {draft.notice}
      <Form.Item name="id" label={t('rules.id')} rules={[{ required: true, message: t('fault.missing') }]}>
        <Input maxLength={32} />
      </Form.Item>
      <Form.Item name="title" label={t('rules.title')}>
        <Input maxLength={60} />
      </Form.Item>
      <Form.Item name="severity" label={t('rules.severity')}>
        <Select options={severities.map((value) => ({ value, label: t(`severity.${value}`) }))} />
      </Form.Item>
      <Form.Item name="terms" label={t('rules.terms')} extra={t('rules.termsHint')}>
        <Input.TextArea autoSize={{ minRows: 4, maxRows: 14 }} />
      </Form.Item>
      <Form.Item name="patterns" label={t('rules.patterns')} extra={t('rules.patternsHint')}>
        <Input.TextArea className="code" autoSize={{ minRows: 2, maxRows: 10 }} />
      </Form.Item>
      <Form.Item name="allow" label={t('rules.allowPatterns')} extra={t('rules.allowPatternsHint')}>
        <Input.TextArea className="code" autoSize={{ minRows: 1, maxRows: 6 }} />
      </Form.Item>
      <Form.Item name="about" label={t('rules.about')}>
        <Input maxLength={300} />
      </Form.Item>
      <Form.Item name="basis" label={t('rules.basis')}>
        <Input maxLength={300} />
      </Form.Item>
      <Form.Item name="advice" label={t('rules.advice')}>
        <Input maxLength={300} />
      </Form.Item>
      <div className="row form-actions">
        <Button type="primary" htmlType="submit" data-testid="put-rule">
          {rule ? t('common.save') : t('rules.add')}
        </Button>
      </div>
    </Form>
  )
}

type Values = Record<
  'id' | 'title' | 'severity' | 'about' | 'basis' | 'advice' | 'terms' | 'patterns' | 'allow',
  string
>
