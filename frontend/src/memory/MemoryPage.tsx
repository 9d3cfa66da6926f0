import '../i18n/addMemory'
import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Drawer, Empty, Input, Select, Table, Tooltip } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { useDesk } from '../shared/desk'
import { moment } from '../shared/format'
import { useProblemText } from '../shared/problems'
import type { Shapes } from '../shared/rest'
import { noRows, Unread } from '../shared/Unread'
import { type Filters, type Kind, kinds, type Memory, memoryApi } from './api'
import { Embedders } from './Embedders'
import { ForgetForm } from './ForgetForm'
import { MemoryText } from './MemoryText'
import { NoteForm } from './NoteForm'
import { Reasons } from './Reasons'
import { RunRecall } from './RunRecall'
import { type Named, useNames } from './useNames'

const titles = { note: 'memory.addNote', forget: 'memory.forget', embedders: 'embedders.title' } as const

/** What the team's desk remembers; with `?run=` what one run recalled, and why. */
export default function MemoryPage() {
  const { t } = useTranslation()
  const [params] = useSearchParams()
  const run = params.get('run')
  useEffect(() => {
    document.title = `${t('nav.memory')} · Cuedesk`
  }, [t])
  return (
    <App component={false}>
      <main className="page">
        {run ? (
          <>
            <h1>{t('memory.runTitle')}</h1>
            <RunRecall key={run} runId={run} />
          </>
        ) : (
          <Memories />
        )}
      </main>
    </App>
  )
}

function Memories() {
  const { t } = useTranslation()
  const { may } = useDesk()
  const names = useNames()
  const [filters, setFilters] = useState<Filters>({})
  const [asked, setAsked] = useState('')
  const [open, setOpen] = useState<'note' | 'forget' | 'embedders'>()
  const writes = may('catalogue.write')
  const close = () => setOpen(undefined)
  return (
    <>
      <div className="row spread">
        <h1>{t('nav.memory')}</h1>
        <div className="row page-tools">
          {may('policies.write') && (
            <Button onClick={() => setOpen('embedders')}>{t('embedders.title')}</Button>
          )}
          {may('policies.write') && (
            <Button danger onClick={() => setOpen('forget')}>
              {t('memory.forget')}
            </Button>
          )}
          <Tooltip title={writes ? undefined : t('common.mayNotChange')}>
            <Button
              type="primary"
              icon={<PlusOutlined />}
              disabled={!writes}
              onClick={() => setOpen('note')}
              data-testid="new-note"
            >
              {t('memory.addNote')}
            </Button>
          </Tooltip>
        </div>
      </div>
      <div className="row memory-filters">
        <Input.Search
          allowClear
          maxLength={200}
          aria-label={t('memory.search')}
          placeholder={t('memory.searchHint')}
          onSearch={(text) => setAsked(text.trim())}
        />
        <Select<Kind>
          allowClear
          aria-label={t('memory.kind')}
          placeholder={t('memory.anyKind')}
          options={kinds.map((kind) => ({ value: kind, label: t(`memoryKind.${kind}`) }))}
          onChange={(kind) => setFilters({ ...filters, kind: kind && [kind] })}
        />
        <Select<string>
          allowClear
          aria-label={t('memory.host')}
          placeholder={t('memory.anyHost')}
          options={names.hosts}
          showSearch={{ optionFilterProp: 'label' }}
          onChange={(host_id) => setFilters({ ...filters, host_id })}
        />
        <Select<string>
          allowClear
          aria-label={t('memory.product')}
          placeholder={t('memory.anyProduct')}
          options={names.products}
          showSearch={{ optionFilterProp: 'label' }}
          onChange={(product_id) => setFilters({ ...filters, product_id })}
        />
      </div>
      {asked ? <Search asked={asked} filters={filters} /> : <Listing filters={filters} names={names} />}
      <Drawer
        open={open !== undefined}
        onClose={close}
        size={560}
        title={t(titles[open ?? 'note'])}
        destroyOnHidden
      >
        {open === 'note' && <NoteForm names={names} onDone={close} />}
        {open === 'embedders' && <Embedders />}
        {open === 'forget' && <ForgetForm names={names} onDone={close} />}
      </Drawer>
    </>
  )
}

function Search({ asked, filters }: { asked: string; filters: Filters }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const found = useQuery({
    queryKey: ['memory', 'search', asked, filters],
    queryFn: () => memoryApi.search(asked, filters),
  })
  if (found.isError) {
    return (
      <Alert
        type="error"
        showIcon
        title={problemText(found.error)}
        action={<Button onClick={() => void found.refetch()}>{t('common.retry')}</Button>}
      />
    )
  }
  if (!found.data) return <p className="skeleton">{t('common.loading')}</p>
  const { items, doubles } = found.data
  if (items.length === 0) return <Empty description={t('common.noMatch')} />
  return (
    <>
      <Reasons found={items} label={t('memory.search')} />
      {doubles.length > 0 && <p className="muted">{t('memory.doubles', { count: doubles.length })}</p>}
      <p className="muted">{t('memory.explain')}</p>
    </>
  )
}

function Listing({ filters, names }: { filters: Filters; names: Named }) {
  const { t, i18n } = useTranslation()
  const { may } = useDesk()
  const { modal, message } = App.useApp()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const list = useInfiniteQuery({
    queryKey: ['memory', 'list', filters],
    queryFn: ({ pageParam }) => memoryApi.list(filters, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
  const nameOf = (choices: Named['hosts'], id: string | null) =>
    choices.find(({ value }) => value === id)?.label ?? ''
  const remove = (row: Memory) =>
    modal.confirm({
      title: t('memory.removeTitle'),
      content: t('memory.removeHint'),
      okText: t('common.delete'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: async () => {
        try {
          await memoryApi.remove(row.id)
          // Gone from the page with the answer: the list read anew after it may not come.
          cache.setQueriesData<InfiniteData<Shapes['MemoryPage']>>(
            { queryKey: ['memory', 'list'] },
            (known) =>
              known && {
                ...known,
                pages: known.pages.map((page) => ({
                  ...page,
                  items: page.items.filter(({ id }) => id !== row.id),
                })),
              },
          )
        } catch (error) {
          message.error(problemText(error))
        }
        await cache.invalidateQueries({ queryKey: ['memory'] })
      },
    })
  const filtered = Object.values(filters).some((value) => value !== undefined)
  return (
    <>
      <Unread asked={list} />
      <Table<Memory>
        rowKey="id"
        dataSource={list.data?.pages.flatMap((page) => page.items)}
        loading={{ spinning: list.isPending, delay: 150 }}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={noRows(list, t(filtered ? 'common.noMatch' : 'memory.none'))}
        columns={[
          {
            title: t('memory.text'),
            dataIndex: 'content',
            render: (text: string) => <MemoryText text={text} />,
          },
          {
            title: t('memory.kind'),
            dataIndex: 'kind',
            width: 100,
            render: (kind: Kind) => t(`memoryKind.${kind}`),
          },
          {
            title: t('memory.host'),
            dataIndex: 'host_id',
            width: 110,
            render: (id: string | null) => nameOf(names.hosts, id) || '–',
          },
          {
            title: t('memory.product'),
            dataIndex: 'product_id',
            width: 160,
            render: (id: string | null) => nameOf(names.products, id) || '–',
          },
          {
            title: t('memory.since'),
            dataIndex: 'created_at',
            width: 150,
            className: 'number',
            render: (at: string) => moment(at, i18n.language),
          },
          ...(may('catalogue.write')
            ? [
                {
                  key: 'actions',
                  title: <span className="visually-hidden">{t('common.actions')}</span>,
                  width: 56,
                  render: (_: unknown, row: Memory) => (
                    <Button
                      type="text"
                      danger
                      icon={<DeleteOutlined />}
                      aria-label={t('common.deleteNamed', { name: row.content.slice(0, 12) })}
                      onClick={() => remove(row)}
                    />
                  ),
                },
              ]
            : []),
        ]}
      />
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()}>{t('common.more')}</Button>}
    </>
  )
}
