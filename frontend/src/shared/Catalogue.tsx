import { DeleteOutlined, EditOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import {
  Alert,
  Button,
  Drawer,
  Form,
  type FormInstance,
  Input,
  Table,
  type TableColumnsType,
  Tooltip,
} from 'antd'
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'
import { useCommandKeys } from './commands'
import { useDesk } from './desk'
import { showFieldErrors } from './forms'
import { NoticesProvider, useNotices } from './notices'
import { useProblemText } from './problems'
import { noRows, Unread } from './Unread'
import { useFormDraft } from './useFormDraft'

const ConfirmDelete = lazy(() => import('./ConfirmDelete'))

interface Row {
  id: string
  name: string
  version: number
}

interface Props<T extends Row, V extends object> {
  title: string
  /** The query's key; the list is read anew after each change. */
  name: 'products' | 'hosts'
  read: () => Promise<T[]>
  columns: TableColumnsType<T>
  /** Whether a row matches what was typed into the search. */
  matches: (row: T, search: string) => boolean
  fields: ReactNode
  /** The form's values for a row, or for a new one. */
  values: (row: T | undefined) => V
  /** `key` is the same as long as the same values are sent. */
  save: (row: T | undefined, values: V, key: string) => Promise<unknown>
  remove: (id: string) => Promise<unknown>
  /** What else whoever may change things can do here. */
  tools?: ReactNode
}

/** A page of things one keeps: a table, a form in a drawer, and deletion after a question. */
export function Catalogue<T extends Row, V extends object>(props: Props<T, V>) {
  return (
    <NoticesProvider>
      <Listing {...props} />
    </NoticesProvider>
  )
}

function Listing<T extends Row, V extends object>(props: Props<T, V>) {
  const { title, name, read, columns, matches } = props
  const { t } = useTranslation()
  const { may } = useDesk()
  const [deleting, setDeleting] = useState<T>()
  const notices = useNotices()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const list = useQuery({ queryKey: [name], queryFn: read })
  const [search, setSearch] = useState('')
  // The address says what is open, so that it can be sent to somebody: /products/<id>, or /products/new.
  const { id } = useParams()
  const navigate = useNavigate()
  const show = (which?: string) => navigate(which ? `/${name}/${which}` : `/${name}`)
  const writes = may('catalogue.write')
  const named = list.data?.find((row) => row.id === id)
  const creating = id === 'new' && writes
  const gone = id !== undefined && !creating && list.isSuccess && !named
  useEffect(() => {
    document.title = `${named ? `${named.name} · ` : ''}${title} · Cuedesk`
  }, [title, named])

  const rows = useMemo(
    () => (list.data ?? []).filter((row) => matches(row, search.trim().toLowerCase())),
    [list.data, matches, search],
  )
  const remove = async (row: T) => {
    try {
      await props.remove(row.id)
    } catch (error) {
      notices.error(problemText(error))
    }
    await cache.invalidateQueries({ queryKey: [name] })
  }
  const actions: TableColumnsType<T> = [
    {
      key: 'actions',
      title: <span className="visually-hidden">{t('common.actions')}</span>,
      width: 96,
      render: (_, row) => (
        <span className="row row-actions">
          <Button
            type="text"
            icon={<EditOutlined />}
            aria-label={t('common.editNamed', { name: row.name })}
            onClick={() => show(row.id)}
          />
          <Button
            type="text"
            danger
            icon={<DeleteOutlined />}
            aria-label={t('common.deleteNamed', { name: row.name })}
            onClick={() => setDeleting(row)}
          />
        </span>
      ),
    },
  ]
  return (
    <main className="page">
      <div className="row spread">
        <h1>{title}</h1>
        <div className="row page-tools">
          <Input.Search
            allowClear
            aria-label={t('common.search')}
            placeholder={t('common.search')}
            onChange={(event) => setSearch(event.target.value)}
          />
          {writes && props.tools}
          <Tooltip title={writes ? undefined : t('common.mayNotChange')}>
            <Button type="primary" icon={<PlusOutlined />} disabled={!writes} onClick={() => show('new')}>
              {t('common.create')}
            </Button>
          </Tooltip>
        </div>
      </div>
      {deleting && (
        <Suspense fallback={null}>
          <ConfirmDelete
            title={t('common.deleteNamed', { name: deleting.name })}
            hint={t('common.deleteHint')}
            onDelete={() => remove(deleting)}
            onClose={() => setDeleting(undefined)}
          />
        </Suspense>
      )}
      {!writes && <p className="muted">{t('common.mayNotChange')}</p>}
      <Unread asked={list} />
      {gone && <Alert type="warning" showIcon title={t('problem.not_found')} />}
      <Table<T>
        rowKey="id"
        columns={writes ? [...columns, ...actions] : columns}
        dataSource={rows}
        loading={{ spinning: list.isPending, delay: 150 }}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        locale={noRows(list, t(search ? 'common.noMatch' : 'common.nothingYet'))}
      />
      <Drawer
        open={named !== undefined || creating}
        onClose={() => show()}
        size={560}
        title={
          named
            ? writes
              ? t('common.editNamed', { name: named.name })
              : named.name
            : t('common.createOne', { what: title })
        }
        destroyOnHidden
      >
        {(named || creating) && (
          <Editor key={named?.id ?? 'new'} {...props} row={named} reads={!writes} onDone={() => show()} />
        )}
      </Drawer>
    </main>
  )
}

function Editor<T extends Row, V extends object>(
  props: Props<T, V> & {
    row: T | undefined
    /** Only to be looked at. */
    reads: boolean
    onDone: () => void
  },
) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const [form] = Form.useForm<V>()
  // As it was when the form began: the list is read again meanwhile, and a colleague's change is not to be written over
  // under its own newer version.
  const [row] = useState(props.row)
  const draft = useFormDraft(form, `form:${props.name}:${row?.id ?? 'new'}`, props.values(row), row?.version)
  const keyFor = useCommandKeys()
  const [saving, setSaving] = useState(false)
  const [problem, setProblem] = useState<string>()
  const submit = async (values: V) => {
    setSaving(true)
    setProblem(undefined)
    try {
      await props.save(row, values, keyFor(values))
      draft.drop()
      await cache.invalidateQueries({ queryKey: [props.name] })
      props.onDone()
    } catch (error) {
      setProblem(showFieldErrors(form as unknown as FormInstance, error, problemText))
    } finally {
      setSaving(false)
    }
  }
  return (
    <Form<V>
      form={form}
      layout="vertical"
      disabled={props.reads}
      initialValues={draft.initialValues}
      onValuesChange={draft.onValuesChange}
      onFinish={(values) => void submit(values)}
      scrollToFirstError={{ focus: true }}
    >
      {draft.notice}
      {problem && <Alert type="error" showIcon title={problem} role="alert" />}
      {props.fields}
      <div className="row form-actions">
        {!props.reads && (
          <>
            <Button type="primary" htmlType="submit" loading={saving}>
              {t('common.save')}
            </Button>
            <Button
              onClick={() => {
                draft.drop()
                props.onDone()
              }}
            >
              {t('common.cancel')}
            </Button>
          </>
        )}
      </div>
    </Form>
  )
}
