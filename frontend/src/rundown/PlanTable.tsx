import { ArrowDownOutlined, ArrowUpOutlined, RedoOutlined } from '@ant-design/icons'
import { Button, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { ShowItemView, ShowView } from '../generated/protocol'
import { api } from '../shared/api'
import { clockTime } from '../shared/format'
import { useProblemText } from '../shared/problems'
import { ItemStatus } from './ItemStatus'
import { PlannedSeconds } from './PlannedSeconds'
import { beginnings, moved } from './plan'

const again = new Set<ShowItemView['status']>(['approved', 'rejected', 'failed', 'skipped', 'waiting'])
const plain = new Set<ShowItemView['status']>(['rejected', 'failed', 'skipped'])

/** The plan: every script with its time, its state, the way to its review, and its place in the order. */
export function PlanTable({
  showId,
  show,
  writes,
  act,
}: {
  showId: string
  show: ShowView
  writes: boolean
  act: (what: (key: string) => Promise<unknown>) => Promise<void>
}) {
  const { t, i18n } = useTranslation()
  const problemText = useProblemText()
  const { items } = show
  const begins = beginnings(items)
  const ids = items.map(({ id }) => id)
  const segment = (name: string) =>
    i18n.exists(`scenario.${name}`) ? t(`scenario.${name}` as 'scenario.opening') : name
  const title = (item: ShowItemView) => `${item.product_name} · ${segment(item.scenario)}`
  const setSeconds = (item: ShowItemView, seconds: number | null) => {
    if (seconds === null ? item.fixed : seconds !== item.planned_seconds)
      void act(() => api.setShowSeconds(showId, item.id, seconds))
  }
  return (
    <Table<ShowItemView>
      rowKey="id"
      size="small"
      dataSource={items}
      pagination={false}
      scroll={{ x: 'max-content' }}
      data-testid="plan-table"
      summary={() => (
        <Table.Summary.Row>
          <Table.Summary.Cell index={0} colSpan={4}>
            {t('show.sum')}
          </Table.Summary.Cell>
          <Table.Summary.Cell index={4} colSpan={3} className="number">
            {clockTime(items.reduce((sum, item) => sum + item.planned_seconds, 0))} /{' '}
            {clockTime(show.total_seconds)}
          </Table.Summary.Cell>
        </Table.Summary.Row>
      )}
      columns={[
        { title: '#', key: 'place', width: 48, className: 'number', render: (_, __, place) => place + 1 },
        {
          title: t('show.begins'),
          key: 'begins',
          width: 90,
          className: 'number',
          render: (_, __, place) => clockTime(begins[place] ?? 0),
        },
        { title: t('show.product'), dataIndex: 'product_name' },
        { title: t('script.scenario'), dataIndex: 'scenario', width: 110, render: segment },
        {
          title: t('show.seconds'),
          key: 'seconds',
          width: 120,
          className: 'number',
          render: (_, item) =>
            item.status === 'planned' && writes ? (
              <PlannedSeconds
                key={`${item.planned_seconds}`}
                item={item}
                label={t('show.secondsOf', { name: title(item) })}
                onSet={(seconds) => setSeconds(item, seconds)}
              />
            ) : (
              item.planned_seconds
            ),
        },
        {
          title: t('show.state'),
          key: 'status',
          width: 260,
          render: (_, item) => (
            <>
              <ItemStatus status={item.status} />
              {item.error && <p className="bad">{problemText(item.error)}</p>}
            </>
          ),
        },
        {
          title: <span className="visually-hidden">{t('common.actions')}</span>,
          key: 'actions',
          width: 300,
          render: (_, item, place) => (
            <span className="row">
              {item.interrupt_id ? (
                <Link to={`/approvals/${item.interrupt_id}`} data-testid="open-review">
                  {t('show.review')}
                </Link>
              ) : (
                item.thread_id && <Link to={`/console/${item.thread_id}`}>{t('approvals.openThread')}</Link>
              )}
              {again.has(item.status) && (
                <Button
                  size="small"
                  icon={<RedoOutlined />}
                  disabled={!writes}
                  aria-label={`${t(plain.has(item.status) ? 'show.retry' : 'show.regenerate')} ${title(item)}`}
                  onClick={() =>
                    void act((key) =>
                      plain.has(item.status)
                        ? api.retryShow(showId, [item.id], key)
                        : api.regenerateShowItem(showId, item.id, key),
                    )
                  }
                >
                  {t(plain.has(item.status) ? 'show.retry' : 'show.regenerate')}
                </Button>
              )}
              {/* At the end: beside words of many lengths they would stand in no column. */}
              <Button
                size="small"
                type="text"
                style={{ marginInlineStart: 'auto' }}
                icon={<ArrowUpOutlined />}
                disabled={!writes || place === 0}
                aria-label={t('show.up', { name: title(item) })}
                onClick={() => void act((key) => api.orderShow(showId, moved(ids, item.id, -1), key))}
              />
              <Button
                size="small"
                type="text"
                icon={<ArrowDownOutlined />}
                disabled={!writes || place === items.length - 1}
                aria-label={t('show.down', { name: title(item) })}
                onClick={() => void act((key) => api.orderShow(showId, moved(ids, item.id, 1), key))}
              />
            </span>
          ),
        },
      ]}
    />
  )
}
