import { EditOutlined, EyeOutlined } from '@ant-design/icons'
import { Alert, Button, Drawer, Form, Input, Select, Table } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { listed } from '../shared/listed'
import { noRows } from '../shared/Unread'
import type { Overlay, Rule } from './api'

export interface Editing {
  draft: Overlay
  change: (changes: Partial<Overlay>) => void
  writes: boolean
  /** The rules that hold as they were saved last. */
  known: readonly Rule[]
}

const layers = ['base', 'platform', 'tenant'] as const

/** Every rule that holds, with the layer it comes from; those of other layers can be made milder or graver here. */
export function Effective({
  draft,
  change,
  writes,
  known,
  loading,
  read,
}: Editing & { loading: boolean; read: boolean }) {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  const [layer, setLayer] = useState<Rule['layer'] | ''>('')
  const [open, setOpen] = useState<Rule>()
  const adjusted = useMemo(
    () => new Map(draft.adjustments.map((one) => [one.rule, one])),
    [draft.adjustments],
  )
  const rows = useMemo(() => {
    const wanted = search.trim().toLowerCase()
    return known.filter(
      (rule) =>
        (layer === '' || rule.layer === layer) &&
        [rule.id, rule.title, rule.about, ...rule.terms].some((text) => text.toLowerCase().includes(wanted)),
    )
  }, [known, layer, search])
  return (
    <>
      <div className="row rule-tools">
        <Input.Search
          allowClear
          aria-label={t('rules.search')}
          placeholder={t('rules.search')}
          onChange={(event) => setSearch(event.target.value)}
          style={{ maxWidth: 280 }}
        />
        <Select<Rule['layer'] | ''>
          aria-label={t('rules.layer')}
          value={layer}
          onChange={setLayer}
          style={{ width: 150 }}
          options={[
            { value: '', label: t('rules.allLayers') },
            ...layers.map((value) => ({ value, label: t(`rules.layers.${value}`) })),
          ]}
        />
        {(['csv', 'xlsx', 'tsv'] as const).map((format) => (
          <Button
            key={format}
            href={`/api/v1/rules/export?format=${format}${layer && `&layer=${layer}`}`}
            download
          >
            {t('rules.export')} {format.toUpperCase()}
          </Button>
        ))}
      </div>
      <Table<Rule>
        rowKey="id"
        size="small"
        dataSource={rows}
        loading={{ spinning: loading, delay: 150 }}
        pagination={{ pageSize: 25, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        locale={noRows({ isSuccess: read }, t('rules.noRules'))}
        columns={[
          { title: t('rules.id'), dataIndex: 'id', width: 110, className: 'number' },
          {
            title: t('rules.rule'),
            key: 'title',
            render: (_, rule) => (
              <div className="rule-name">
                <strong>{rule.title}</strong>
                <div className="muted">{rule.about}</div>
              </div>
            ),
          },
          {
            title: t('rules.layer'),
            dataIndex: 'layer',
            width: 120,
            render: (value: Rule['layer']) => t(`rules.layers.${value}`),
          },
          {
            title: t('rules.severity'),
            key: 'severity',
            width: 190,
            render: (_, rule) => <Severity rule={rule} wanted={adjusted.get(rule.id)?.severity} />,
          },
          {
            title: t('rules.terms'),
            key: 'terms',
            width: 90,
            className: 'number',
            render: (_, rule) => rule.terms.length + rule.patterns.length,
          },
          {
            key: 'actions',
            width: 60,
            title: <span className="visually-hidden">{t('common.actions')}</span>,
            render: (_, rule) => (
              <Button
                type="text"
                icon={writes ? <EditOutlined /> : <EyeOutlined />}
                aria-label={t('rules.adjust', { name: rule.title })}
                onClick={() => setOpen(rule)}
              />
            ),
          },
        ]}
      />
      <Drawer
        open={open !== undefined}
        onClose={() => setOpen(undefined)}
        size={560}
        title={open && `${open.id} ${open.title}`}
        destroyOnHidden
      >
        {open && (
          <Adjust
            key={open.id}
            rule={open}
            writes={writes && open.layer !== 'tenant'}
            draft={draft}
            change={change}
            onDone={() => setOpen(undefined)}
          />
        )}
      </Drawer>
    </>
  )
}

function Severity({ rule, wanted }: { rule: Rule; wanted: string | undefined }) {
  const { t } = useTranslation()
  const now = wanted ?? (rule.off ? 'off' : rule.severity)
  return (
    <span className="row">
      {now === 'off' ? (
        <span className="state state-expired">{t('rules.off')}</span>
      ) : (
        <span className={`tag tag-${now}`}>{t(`severity.${now as Rule['severity']}`)}</span>
      )}
      {now !== rule.original && (
        <span className="muted">{t('rules.wasSeverity', { severity: t(`severity.${rule.original}`) })}</span>
      )}
      {rule.statutory && <span className="muted">{t('rules.statutory')}</span>}
    </span>
  )
}

function Adjust({
  rule,
  writes,
  draft,
  change,
  onDone,
}: {
  rule: Rule
  writes: boolean
  draft: Overlay
  change: Editing['change']
  onDone: () => void
}) {
  const { t } = useTranslation()
  const known = draft.adjustments.find((one) => one.rule === rule.id)
  const others = draft.adjustments.filter((one) => one.rule !== rule.id)
  const severities = rule.statutory
    ? (['block', 'fail', 'warn'] as const)
    : (['block', 'fail', 'warn', 'info'] as const)
  return (
    <div className="rule-detail">
      <p>{rule.about}</p>
      <p className="muted">{t('rules.basisOf', { basis: rule.basis })}</p>
      {rule.advice && <p className="muted">{t('rules.adviceOf', { advice: rule.advice })}</p>}
      <p className="rule-terms">{listed(rule.terms)}</p>
      {rule.patterns.map((pattern) => (
        <code key={pattern} className="rule-pattern">
          {pattern}
        </code>
      ))}
      {writes && (
        <Form
          layout="vertical"
          initialValues={{ severity: known?.severity ?? rule.severity, reason: known?.reason ?? '' }}
          onFinish={({ severity, reason }: { severity: string; reason: string }) => {
            change({ adjustments: [...others, { rule: rule.id, severity, reason: reason.trim() }] })
            onDone()
          }}
        >
          <h2>{t('rules.adjustTitle')}</h2>
          {rule.statutory && <Alert type="info" showIcon title={t('rules.adjustHint')} />}
          <Form.Item name="severity" label={t('rules.severity')}>
            <Select
              options={[
                ...severities.map((value) => ({ value, label: t(`severity.${value}`) })),
                ...(rule.statutory ? [] : [{ value: 'off', label: t('rules.turnOff') }]),
              ]}
            />
          </Form.Item>
          <Form.Item name="reason" label={t('rules.reason')} extra={t('rules.reasonHint')}>
            <Input.TextArea maxLength={300} autoSize={{ minRows: 2 }} />
          </Form.Item>
          <div className="row form-actions">
            <Button type="primary" htmlType="submit">
              {t('rules.adjustTitle')}
            </Button>
            {known && (
              <Button
                onClick={() => {
                  change({ adjustments: others })
                  onDone()
                }}
              >
                {t('rules.adjustUndo')}
              </Button>
            )}
          </div>
        </Form>
      )}
    </div>
  )
}
