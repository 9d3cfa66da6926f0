import { DownloadOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Table } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCommandKeys } from './commands'
import { base64 } from './files'
import { listed } from './listed'
import { useProblemText } from './problems'
import type { Shapes } from './rest'
import { TableFaults } from './TableFaults'
import { TableFile } from './TableFile'

type Row = {
  row: number
  name: string
  change?: Shapes['RecordRow']['change']
  errors: Shapes['TableError'][]
}

interface Props {
  /** What the table is of: the query's key and the address below `/api/v1`. */
  name: 'products' | 'hosts'
  read: (body: Shapes['TableUpload']) => Promise<Shapes['ReadRecords']>
  take: (body: Shapes['HostTableImport'], key: string) => Promise<Shapes['ImportedRecords']>
}

/** Import records from a table: what each row would do is seen first; rows with a fault can be mended or left out. */
export default function TableImport({ name, read: readTable, take }: Props) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const keyFor = useCommandKeys()
  const [content, setContent] = useState<string>()
  const [read, setRead] = useState<Shapes['ReadRecords']>()
  const [done, setDone] = useState<Shapes['ImportedRecords']>()
  const [problem, setProblem] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const choice = useRef(0)

  const choose = async (file: File | undefined) => {
    const turn = ++choice.current
    setRead(undefined)
    setDone(undefined)
    setProblem(undefined)
    if (!file) return
    try {
      const chosen = await base64(file)
      const answer = await readTable({ content: chosen })
      if (choice.current !== turn) return
      setContent(chosen)
      setRead(answer)
    } catch (error) {
      if (choice.current === turn) setProblem(error)
    }
  }
  const accept = async () => {
    if (content === undefined) return
    setBusy(true)
    setProblem(undefined)
    try {
      const body = { content, skip_faulty: true }
      setDone(await take(body, keyFor(content)))
      setRead(undefined)
      await cache.invalidateQueries({ queryKey: [name] })
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  const faulty = read !== undefined && read.errors.length > 0
  return (
    <>
      <TableFile
        id={`${name}-table`}
        hint={t(`tableImport.${name}Hint`)}
        onChoose={(file) => void choose(file)}
      />
      <p className="row">
        {(['xlsx', 'csv'] as const).map((format) => (
          <Button
            key={format}
            type="link"
            className="link"
            icon={<DownloadOutlined />}
            href={`/api/v1/${name}/template?format=${format}`}
            download
          >
            {`${t('tableImport.template')} ${format.toUpperCase()}`}
          </Button>
        ))}
      </p>
      {problem !== undefined && <Alert type="error" showIcon role="alert" title={problemText(problem)} />}
      {done && <Done {...done} />}
      {faulty && (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={t('tableImport.faults', { count: read.errors.length })}
          description={read.items.length > 0 ? t('tableImport.faultsHint') : t('tableImport.nothingLeft')}
        />
      )}
      {read && read.examples > 0 && (
        <Alert
          type={read.items.length > 0 ? 'info' : 'warning'}
          showIcon
          role="status"
          title={t('tableImport.examples', { count: read.examples })}
        />
      )}
      {read && read.unknown_columns.length > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t('tableImport.unknown', { names: listed(read.unknown_columns) })}
        />
      )}
      {read && read.items.length + read.errors.length > 0 && (
        <Table<Row>
          rowKey="row"
          size="small"
          dataSource={rowsOf(read)}
          pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
          rowClassName={({ errors }) => (errors.length > 0 ? 'row-wrong' : '')}
          columns={[
            { title: t('show.row'), dataIndex: 'row', width: 64, className: 'number' },
            {
              title: t('tableImport.name'),
              key: 'name',
              render: (_, row) => (row.errors.length > 0 ? <TableFaults errors={row.errors} /> : row.name),
            },
            {
              title: t('tableImport.change'),
              dataIndex: 'change',
              width: 100,
              render: (change: Row['change']) => change && t(`tableImport.${change}`),
            },
          ]}
        />
      )}
      {read && read.items.length > 0 && (
        <div className="row form-actions">
          <Button type="primary" loading={busy} onClick={() => void accept()} data-testid={`accept-${name}`}>
            {t(faulty ? 'tableImport.acceptRest' : 'tableImport.accept', { count: read.items.length })}
          </Button>
        </div>
      )}
    </>
  )
}

function Done({ created, updated, unchanged, errors }: Shapes['ImportedRecords']) {
  const { t } = useTranslation()
  const left = new Set(errors.map(({ row }) => row)).size
  return (
    <Alert
      type={left > 0 ? 'warning' : 'success'}
      showIcon
      role="status"
      title={t('tableImport.done', { created, updated, unchanged })}
      description={
        left > 0 && (
          <>
            {t('tableImport.skipped', { count: left })}
            <TableFaults errors={errors} rows />
          </>
        )
      }
    />
  )
}

function rowsOf({ items, errors }: Shapes['ReadRecords']): Row[] {
  const rows = new Map<number, Row>(items.map((item) => [item.row, { ...item, errors: [] }]))
  for (const error of errors) {
    const row = rows.get(error.row) ?? { row: error.row, name: '', errors: [] }
    rows.set(error.row, { ...row, errors: [...row.errors, error] })
  }
  return [...rows.values()].sort((a, b) => a.row - b.row)
}
