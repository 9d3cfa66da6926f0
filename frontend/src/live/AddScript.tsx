import { useInfiniteQuery } from '@tanstack/react-query'
import { App, Button, Drawer, Empty } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { useCommandKeys } from '../shared/commands'
import { moment } from '../shared/format'
import { useProblemText } from '../shared/problems'
import { Unread } from '../shared/Unread'

/** The library, to put something of it into the rundown. */
export default function AddScript({
  onAdd,
  onClose,
}: {
  onAdd: (scriptId: string, key: string) => Promise<void>
  onClose: () => void
}) {
  const { t, i18n } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const keyFor = useCommandKeys()
  const [busy, setBusy] = useState<string>()
  const list = useInfiniteQuery({
    queryKey: ['scripts'],
    queryFn: ({ pageParam }) => api.scripts(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 0,
  })
  const scripts = list.data?.pages.flatMap(({ items }) => items) ?? []
  const add = async (id: string, version: number) => {
    setBusy(id)
    try {
      await onAdd(id, keyFor([id, version]))
      onClose()
    } catch (error) {
      message.error(problemText(error))
    } finally {
      setBusy(undefined)
    }
  }
  return (
    <Drawer open onClose={onClose} size={520} title={t('live.add')}>
      <Unread asked={list} />
      {list.isSuccess && scripts.length === 0 && <Empty description={t('live.addNone')} />}
      <ul className="live-library" data-testid="library">
        {scripts.map((script) => (
          <li key={script.id} className="row spread">
            <span>
              <strong>{script.title}</strong>{' '}
              <span className="muted number">
                v{script.latest_version} · {moment(script.updated_at, i18n.language)}
              </span>
            </span>
            <Button
              size="small"
              loading={busy === script.id}
              aria-label={t('live.addThis', { title: script.title })}
              onClick={() => void add(script.id, script.latest_version)}
            >
              {t('live.addShort')}
            </Button>
          </li>
        ))}
      </ul>
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()}>{t('common.more')}</Button>}
    </Drawer>
  )
}
