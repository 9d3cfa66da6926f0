import { HistoryOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { scriptParams } from '../review/params'
import ReasonText from '../review/ReasonText'
import { StatusTag } from '../review/StatusTag'
import { moment } from '../shared/format'
import { decidedKey, replayLink } from '../shared/replayLink'
import { bodyOf, rest } from '../shared/rest'
import { Unread } from '../shared/Unread'
import { fromRest } from './queue'

/** What was decided, the newest first, by pages. */
function useDecided() {
  const list = useInfiniteQuery({
    queryKey: ['interrupts', 'history'],
    queryFn: ({ pageParam }) =>
      bodyOf(
        rest.GET('/api/v1/interrupts', {
          params: { query: { decided: true, cursor: pageParam, limit: 50 } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 0,
  })
  return { list, rows: list.data?.pages.flatMap(({ items }) => items) ?? [] }
}

/** For an empty queue: what was decided last, by whom and when. */
export function LastDecided() {
  const { t, i18n } = useTranslation()
  const last = useDecided().rows.find(({ decided_by, decided_at }) => decided_by && decided_at)
  if (!last?.decided_by || !last.decided_at) return null
  return (
    <Link className="number" to={`/approvals/${last.id}`}>
      {t('approvalDesk.last', {
        time: moment(last.decided_at, i18n.language),
        name: last.decided_by.name,
        decision: t(`interruptStatus.${fromRest(last).interrupt.status}`),
      })}
    </Link>
  )
}

/** What was decided, the newest first: what, by whom, when. */
export function History({ selected }: { selected: string | undefined }) {
  const { t, i18n } = useTranslation()
  const { list, rows } = useDecided()
  return (
    <>
      <Unread asked={list} />
      {list.isPending && <p className="skeleton">{t('common.loading')}</p>}
      <ul className="decided" data-testid="history">
        {rows.map((row) => {
          const { interrupt } = fromRest(row)
          const { title, productName } = scriptParams(interrupt.params)
          return (
            <li
              key={row.id}
              className={row.id === selected ? 'queue-row queue-row-selected' : 'queue-row'}
              data-testid="history-row"
            >
              <Link to={`/approvals/${row.id}`} aria-current={row.id === selected ? 'true' : undefined}>
                <span className="thread-title">{title || productName || t('review.title')}</span>
                <span className="row">
                  <StatusTag status={interrupt.status} />
                  {interrupt.reason && <ReasonText reason={interrupt.reason} />}
                  <span className="muted number">
                    {[row.decided_by?.name, row.decided_at && moment(row.decided_at, i18n.language)]
                      .filter(Boolean)
                      .join(' · ')}
                  </span>
                </span>
              </Link>
              <Link
                className="to-replay"
                to={replayLink(row.thread_id, decidedKey(row.id))}
                aria-label={t('approvalDesk.replayOf', { title: title || productName || t('review.title') })}
                title={t('approvalDesk.replay')}
                data-testid="to-replay"
              >
                <HistoryOutlined />
              </Link>
            </li>
          )
        })}
      </ul>
      {list.isSuccess && rows.length === 0 && !list.hasNextPage && (
        <p className="muted empty">{t('approvalDesk.noHistory')}</p>
      )}
      {list.hasNextPage && (
        <Button block type="text" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
    </>
  )
}
