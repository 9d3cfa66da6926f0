import { Alert, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { listed } from '../shared/listed'
import type { Shapes } from '../shared/rest'
import { TableFaults } from '../shared/TableFaults'
import { byRow, type TableRow } from './plan'

/** The rows of a table with what they ask for, and what is wrong with a row in that row. */
export function TablePreview({
  read,
  planned,
}: {
  read: Shapes['ReadTable']
  planned: readonly number[] | undefined
}) {
  const { t } = useTranslation()
  const seconds = new Map(read.items.map((item, place) => [item, planned?.[place]]))
  return (
    <>
      {read.errors.length > 0 && (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={t('show.faults', { count: read.errors.length })}
          description={t('show.faultsHint')}
        />
      )}
      <Table<TableRow>
        rowKey="row"
        size="small"
        dataSource={byRow(read)}
        pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        rowClassName={({ errors }) => (errors.length > 0 ? 'row-wrong' : '')}
        columns={[
          { title: t('show.row'), dataIndex: 'row', width: 64, className: 'number' },
          {
            title: t('show.product'),
            key: 'product',
            render: (_, { items, errors }) =>
              errors.length > 0 ? <TableFaults errors={errors} /> : items[0]?.product_name,
          },
          {
            title: t('script.scenario'),
            key: 'scenario',
            render: (_, { items }) => listed(items.map(({ scenario }) => t(`scenario.${scenario}`))),
          },
          {
            title: t('show.seconds'),
            key: 'seconds',
            className: 'number',
            render: (_, { items }) =>
              listed(items.map((item) => seconds.get(item) ?? item.seconds ?? t('show.shared'))),
          },
          { title: t('show.notes'), key: 'notes', render: (_, { items }) => items[0]?.notes },
        ]}
      />
    </>
  )
}
