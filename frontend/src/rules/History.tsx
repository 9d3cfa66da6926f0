import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { App, Button, Drawer, Empty, Table } from 'antd'
import type { TFunction } from 'i18next'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { moment } from '../shared/format'
import { listed } from '../shared/listed'
import { useProblemText } from '../shared/problems'
import type { Shapes } from '../shared/rest'
import { noRows, Unread } from '../shared/Unread'
import { rulesApi, type TenantRules } from './api'

type Revision = Shapes['RuleRevision']

/** What was saved, by whom and why; each can be looked at and brought back. */
export default function History({
  writes,
  latest,
  onRestored,
}: {
  writes: boolean
  latest: number
  onRestored: (saved: TenantRules) => void
}) {
  const { t, i18n } = useTranslation()
  const { modal, message } = App.useApp()
  const problemText = useProblemText()
  const [open, setOpen] = useState<Revision>()
  const list = useInfiniteQuery({
    queryKey: ['rules', 'revisions', latest],
    queryFn: ({ pageParam }) => rulesApi.revisions(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
  const restore = ({ revision }: Revision) =>
    modal.confirm({
      title: t('rules.restoreNamed', { revision }),
      content: t('rules.restoreHint'),
      okText: t('rules.restore'),
      cancelText: t('common.cancel'),
      onOk: async () => {
        try {
          const saved = (await rulesApi.restore(revision, latest, '')) as TenantRules
          onRestored(saved)
          setOpen(undefined)
          message.success(t('rules.saved', { revision: saved.revision }))
        } catch (error) {
          message.error(problemText(error))
        }
      },
    })
  return (
    <>
      <Unread asked={list} />
      <Table<Revision>
        rowKey="revision"
        size="small"
        dataSource={list.data?.pages.flatMap((page) => page.items)}
        loading={{ spinning: list.isPending, delay: 150 }}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={noRows(list, t('rules.noHistory'))}
        columns={[
          {
            title: t('script.version'),
            dataIndex: 'revision',
            width: 120,
            render: (revision: number, row) => (
              <Button type="link" className="link" onClick={() => setOpen(row)}>
                {t('rules.revision', { revision })}
              </Button>
            ),
          },
          {
            title: t('rules.noteTitle'),
            key: 'note',
            render: (_, { note, restored_from }) =>
              [note, restored_from === null ? '' : t('rules.restoredFrom', { revision: restored_from })]
                .filter(Boolean)
                .join(' · ') || '–',
          },
          { title: t('rules.by'), dataIndex: 'author', width: 140 },
          {
            title: t('rules.at'),
            dataIndex: 'created_at',
            width: 160,
            className: 'number',
            render: (at: string) => moment(at, i18n.language),
          },
        ]}
      />
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()}>{t('common.more')}</Button>}
      <Drawer
        open={open !== undefined}
        onClose={() => setOpen(undefined)}
        size={640}
        title={open && t('rules.revision', { revision: open.revision })}
        extra={
          writes &&
          open &&
          open.revision !== latest && <Button onClick={() => restore(open)}>{t('rules.restore')}</Button>
        }
        destroyOnHidden
      >
        {open && <Changes revision={open.revision} />}
      </Drawer>
    </>
  )
}

function Changes({ revision }: { revision: number }) {
  const { t } = useTranslation()
  const read = useQuery({
    queryKey: ['rules', 'revision', revision],
    queryFn: () => rulesApi.revision(revision),
  })
  if (read.error) return <Unread asked={read} />
  if (!read.data) return <p className="skeleton">{t('common.loading')}</p>
  if (read.data.changes.length === 0) return <Empty description={t('rules.noChanges')} />
  return read.data.changes.map((change) => (
    <section key={`${change.part} ${change.name}`} className="card">
      <header className="card-head">
        <h2>
          {t(`rules.parts.${change.part}`)} · {change.name}
        </h2>
        <span
          className={`state state-${({ added: 'approve', removed: 'reject', changed: 'edit' } as const)[change.kind]}`}
        >
          {t(`rules.changeKinds.${change.kind}`)}
        </span>
      </header>
      <dl className="rule-diff">
        {fields(change, (severity) => severityText(t, severity)).map(([field, before, after]) => (
          <div key={field}>
            <dt className="muted">{t(names[field] as 'rules.id')}</dt>
            <dd>
              {before && <del>{before}</del>} {after && <ins>{after}</ins>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  ))
}

/** What the fields of a line are called on the page; those that are not here mean nothing to people. */
const names: Record<string, string> = {
  id: 'rules.id',
  rule: 'rules.rule',
  text: 'rules.phrase',
  title: 'rules.title',
  severity: 'rules.severity',
  terms: 'rules.terms',
  patterns: 'rules.patterns',
  allow: 'rules.allowPatterns',
  replace: 'rules.replace',
  about: 'rules.about',
  basis: 'rules.basis',
  advice: 'rules.advice',
  reason: 'rules.reason',
}

function severityText(t: TFunction, severity: string): string {
  if (severity === 'off') return t('rules.off')
  return severities.includes(severity) ? t(`severity.${severity as 'block'}`) : severity
}

const severities: readonly string[] = ['block', 'fail', 'warn', 'info']

function fields(
  { before, after }: Shapes['RuleChange'],
  severity: (name: string) => string,
): [string, string, string][] {
  const shown = (name: string, value: unknown) =>
    name === 'severity' && typeof value === 'string' ? severity(value) : asText(value)
  return Object.keys(names)
    .map((name): [string, string, string] => [name, shown(name, before?.[name]), shown(name, after?.[name])])
    .filter(([, was, now]) => was !== now)
}

function asText(value: unknown): string {
  if (Array.isArray(value)) return listed(value)
  if (typeof value === 'object' && value !== null)
    return listed(Object.entries(value).map((pair) => pair.join(' → ')))
  return value === undefined || value === null ? '' : String(value)
}
