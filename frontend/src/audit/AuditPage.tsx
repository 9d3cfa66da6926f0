import '../i18n/addAudit'
import { SafetyCertificateOutlined } from '@ant-design/icons'
import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { Alert, Button, Input, Select, Table } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { auditZh } from '../i18n/audit'
import { useDesk } from '../shared/desk'
import { useProblemText } from '../shared/problems'
import { noRows, Unread } from '../shared/Unread'
import { AuditDetail } from './AuditDetail'
import { auditApi, type Entry, type Filters } from './api'

const DAY_MS = 86_400_000
const spans = { lastDay: 1, lastWeek: 7, lastMonth: 30 } as const
type Span = keyof typeof spans

/** Who did what and when, for administrators; what is looked for stands in the address. */
export default function AuditPage() {
  const { t } = useTranslation()
  const { may } = useDesk()
  useEffect(() => {
    document.title = `${t('audit.title')} · Cuedesk`
  }, [t])
  return (
    <main className="page">
      <h1>{t('audit.title')}</h1>
      {may('audit.read') ? (
        <Log />
      ) : (
        <Alert type="warning" showIcon title={t('audit.forbidden')} data-testid="forbidden" />
      )}
    </main>
  )
}

function Log() {
  const { t, i18n } = useTranslation()
  const problemText = useProblemText()
  const [params, setParams] = useSearchParams()
  const [actorName, setActorName] = useState('')
  const given = (name: string) => params.get(name) || undefined
  const span = Object.hasOwn(spans, params.get('span') ?? '') ? (params.get('span') as Span) : undefined
  const filters: Filters = { action: given('action'), actor: given('actor'), subject: given('subject') }
  const set = (name: string, value: string | undefined) =>
    setParams((now) => {
      const next = new URLSearchParams(now)
      if (value) next.set(name, value)
      else next.delete(name)
      return next
    })
  const list = useInfiniteQuery({
    queryKey: ['audit', filters, span],
    queryFn: ({ pageParam }) => {
      const since = span && new Date(Date.now() - spans[span] * DAY_MS).toISOString()
      return auditApi.list({ ...filters, since }, pageParam)
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 0,
  })
  const check = useMutation({ mutationFn: auditApi.verify })
  const label = (action: string) => {
    const [noun = '', verb = ''] = action.split('.')
    const name = i18n.exists(`auditNoun.${noun}`) ? t(`auditNoun.${noun}` as 'auditNoun.room') : noun
    return `${name} · ${i18n.exists(`auditVerb.${verb}`) ? t(`auditVerb.${verb}` as 'auditVerb.saved') : verb}`
  }
  const clock = new Intl.DateTimeFormat(i18n.language, {
    // 11/22/26 is another day elsewhere.
    dateStyle: i18n.language === 'en' ? 'medium' : 'short',
    timeStyle: 'medium',
    hour12: false,
  })
  // A log is read elsewhere, too: by whose clock its times are.
  const zone = new Intl.DateTimeFormat(i18n.language, { timeZoneName: 'shortOffset' })
    .formatToParts()
    .find(({ type }) => type === 'timeZoneName')?.value
  return (
    <>
      <p className="muted">{t('audit.hint')}</p>
      <div className="row">
        <Select
          allowClear
          className="audit-noun"
          aria-label={t('audit.filterNoun')}
          placeholder={t('audit.anyNoun')}
          value={filters.action ?? null}
          options={Object.keys(auditZh.auditNoun).map((noun) => ({
            value: noun,
            label: t(`auditNoun.${noun}` as 'auditNoun.room'),
          }))}
          onChange={(noun: string | null | undefined) => set('action', noun ?? undefined)}
          data-testid="audit-noun"
        />
        <Select
          allowClear
          className="audit-noun"
          aria-label={t('audit.days')}
          placeholder={t('audit.anyTime')}
          value={span ?? null}
          options={(Object.keys(spans) as Span[]).map((value) => ({ value, label: t(`audit.${value}`) }))}
          onChange={(value: Span | null | undefined) => set('span', value ?? undefined)}
        />
        <Input.Search
          key={filters.subject ?? ''}
          allowClear
          className="audit-subject"
          aria-label={t('audit.subjectHint')}
          placeholder={t('audit.subjectHint')}
          defaultValue={filters.subject ?? ''}
          maxLength={200}
          onSearch={(text) => set('subject', text.trim())}
        />
        {filters.actor && (
          <Button onClick={() => set('actor', undefined)} data-testid="audit-actor">
            {t('audit.only', { name: actorName || filters.actor.slice(0, 8) })} ×
          </Button>
        )}
        <Button
          icon={<SafetyCertificateOutlined />}
          loading={check.isPending}
          onClick={() => check.mutate()}
          data-testid="verify"
        >
          {t('audit.verify')}
        </Button>
      </div>
      {check.data && (
        <Alert
          type={check.data.intact ? 'success' : 'error'}
          showIcon
          role="status"
          title={check.data.intact ? t('audit.intact') : t('audit.broken', { n: check.data.first_broken })}
          data-testid="verdict"
        />
      )}
      {check.error && <Alert type="error" showIcon title={problemText(check.error)} />}
      <Unread asked={list} />
      <Table<Entry>
        rowKey="n"
        size="small"
        dataSource={list.data?.pages.flatMap(({ items }) => items)}
        loading={{ spinning: list.isPending, delay: 150 }}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={noRows(list, t('audit.none'))}
        columns={[
          { title: t('audit.n'), dataIndex: 'n', className: 'number', width: 72 },
          {
            title: `${t('audit.at')} (${zone})`,
            dataIndex: 'at',
            className: 'number',
            render: (at: string) => clock.format(new Date(at)),
          },
          {
            title: t('audit.who'),
            dataIndex: 'actor',
            render: (actor: string | null, { actor_name }) =>
              actor === null ? (
                <span className="muted">{t('audit.server')}</span>
              ) : (
                <button
                  type="button"
                  className="link-button"
                  title={t('audit.only', { name: actor_name ?? t('audit.left') })}
                  onClick={() => {
                    setActorName(actor_name ?? t('audit.left'))
                    set('actor', actor)
                  }}
                >
                  {actor_name ?? t('audit.left')}
                </button>
              ),
          },
          {
            title: t('audit.what'),
            dataIndex: 'action',
            render: (action: string) => <span title={action}>{label(action)}</span>,
          },
          {
            title: t('audit.subject'),
            dataIndex: 'subject',
            render: (subject: string) =>
              subject && (
                <button
                  type="button"
                  className="link-button"
                  title={t('audit.onlyThis')}
                  onClick={() => set('subject', subject)}
                >
                  <code>{subject}</code>
                </button>
              ),
          },
          {
            title: t('audit.detail'),
            dataIndex: 'detail',
            render: (_: Entry['detail'], entry) => <AuditDetail entry={entry} />,
          },
        ]}
      />
      {list.hasNextPage && (
        <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </>
  )
}
