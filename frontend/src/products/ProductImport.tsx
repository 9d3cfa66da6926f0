import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Table } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { useCommandKeys } from '../shared/commands'
import { base64 } from '../shared/files'
import { useProblemText } from '../shared/problems'
import type { Shapes } from '../shared/rest'
import { TableFaults } from '../shared/TableFaults'
import { TableFile } from '../shared/TableFile'

type Row = { row: number; name: string; change?: 'create' | 'update'; errors: Shapes['TableError'][] }

/** Import products from a table: what each row would do is seen first; with a fault anywhere nothing is imported. */
export default function ProductImport({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const keyFor = useCommandKeys()
  const [content, setContent] = useState<string>()
  const [read, setRead] = useState<Shapes['ReadProducts']>()
  const [problem, setProblem] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const choice = useRef(0)

  const choose = async (file: File | undefined) => {
    const turn = ++choice.current
    setRead(undefined)
    setProblem(undefined)
    if (!file) return
    try {
      const chosen = await base64(file)
      const answer = await api.readProductTable({ content: chosen })
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
      await api.importProducts({ content }, keyFor(content))
      await cache.invalidateQueries({ queryKey: ['products'] })
      onDone()
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <TableFile id="product-table" hint={t('productImport.hint')} onChoose={(file) => void choose(file)} />
      {problem !== undefined && <Alert type="error" showIcon role="alert" title={problemText(problem)} />}
      {read && read.errors.length > 0 && (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={t('show.faults', { count: read.errors.length })}
          description={t('show.faultsHint')}
        />
      )}
      {read && read.unknown_columns.length > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t('productImport.unknown', { names: read.unknown_columns.join('、') })}
        />
      )}
      {read && (
        <Table<Row>
          rowKey="row"
          size="small"
          dataSource={rowsOf(read)}
          pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
          rowClassName={({ errors }) => (errors.length > 0 ? 'row-wrong' : '')}
          columns={[
            { title: t('show.row'), dataIndex: 'row', width: 64, className: 'number' },
            {
              title: t('product.name'),
              key: 'name',
              render: (_, { name, errors }) => (errors.length > 0 ? <TableFaults errors={errors} /> : name),
            },
            {
              title: t('productImport.change'),
              dataIndex: 'change',
              width: 100,
              render: (change: Row['change']) => change && t(`productImport.${change}`),
            },
          ]}
        />
      )}
      <div className="row form-actions">
        <Button
          type="primary"
          loading={busy}
          disabled={!read || read.errors.length > 0}
          onClick={() => void accept()}
          data-testid="accept-products"
        >
          {t('productImport.accept', { count: read?.items.length ?? 0 })}
        </Button>
      </div>
    </>
  )
}

function rowsOf({ items, errors }: Shapes['ReadProducts']): Row[] {
  const rows = new Map<number, Row>(items.map((item) => [item.row, { ...item, errors: [] }]))
  for (const error of errors) {
    const row = rows.get(error.row) ?? { row: error.row, name: '', errors: [] }
    rows.set(error.row, { ...row, errors: [...row.errors, error] })
  }
  return [...rows.values()].sort((a, b) => a.row - b.row)
}
