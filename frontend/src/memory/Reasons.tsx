import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import type { FoundMemory } from './api'
import { MemoryText } from './MemoryText'

type Why = FoundMemory['why']

/** What was found, best first, each with the numbers that put it there. */
export function Reasons({ found, label }: { found: FoundMemory[]; label: string }) {
  const { t } = useTranslation()
  const place = (rank: number | null | undefined, value: number | null | undefined) =>
    rank ? `${t('memory.rank', { rank })} · ${value?.toFixed(2) ?? '–'}` : t('memory.unranked')
  const number = (value: number | null | undefined, digits: number) => value?.toFixed(digits) ?? '–'
  return (
    <Table<FoundMemory>
      aria-label={label}
      rowKey={({ why }) => why.id}
      dataSource={found}
      pagination={false}
      size="small"
      scroll={{ x: 'max-content' }}
      columns={[
        {
          title: t('memory.text'),
          key: 'text',
          render: (_, { memory }) =>
            memory ? <MemoryText text={memory.content} /> : <em className="muted">{t('memory.gone')}</em>,
        },
        {
          title: t('memory.kind'),
          key: 'kind',
          width: 100,
          render: (_, { why }) => t(`memoryKind.${why.kind}`),
        },
        column(t('memory.dense'), (why) => place(why.dense_rank, why.similarity), 130),
        column(t('memory.sparse'), (why) => place(why.sparse_rank, why.coverage), 130),
        column(t('memory.recency'), (why) => number(why.recency, 2), 80),
        column(t('memory.approval'), (why) => number(why.approval, 2), 80),
        column(t('memory.score'), (why) => number(why.score, 4), 90),
      ]}
    />
  )
}

function column(title: string, told: (why: Why) => string, width: number) {
  return {
    title,
    key: title,
    width,
    className: 'number',
    render: (_: unknown, { why }: FoundMemory) => told(why),
  }
}
