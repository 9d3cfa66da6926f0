import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { moment } from '../shared/format'
import { useProblemText } from '../shared/problems'
import { Unread } from '../shared/Unread'
import { type Embedder, memoryApi } from './api'

/** While a new one reads the memories its progress is looked at so often. */
const LOOK_MS = 3000

/** By what memories are found by their meaning: which serves, how far a new one is, back to the one before. */
export function Embedders() {
  const { t, i18n } = useTranslation()
  const { modal, message } = App.useApp()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const [busy, setBusy] = useState<string>()
  const read = useQuery({
    queryKey: ['embedders'],
    queryFn: memoryApi.embedders,
    staleTime: 0,
    refetchInterval: ({ state }) =>
      state.data?.items.some((one) => one.state === 'building') ? LOOK_MS : false,
  })
  const number = new Intl.NumberFormat(i18n.language)
  const act = async (name: string, work: () => Promise<unknown>, done: string) => {
    setBusy(name)
    try {
      await work()
      message.success(done)
    } catch (error) {
      message.error(problemText(error))
    } finally {
      setBusy(undefined)
    }
    await cache.invalidateQueries({ queryKey: ['embedders'] })
  }
  const serve = ({ name }: Embedder) =>
    modal.confirm({
      title: t('embedders.serveTitle', { name }),
      content: t('embedders.serveHint'),
      okText: t('embedders.serve'),
      cancelText: t('common.cancel'),
      onOk: () => act(name, () => memoryApi.serve(name), t('embedders.serves', { name })),
    })
  const drop = ({ name }: Embedder) =>
    modal.confirm({
      title: t('embedders.dropTitle', { name }),
      content: t('embedders.dropHint'),
      okText: t('common.delete'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: () => act(name, () => memoryApi.drop(name), t('embedders.dropped', { name })),
    })
  return (
    <div data-testid="embedders">
      <p className="muted form-note">{t('embedders.hint')}</p>
      <Unread asked={read} />
      {read.isPending && <p className="skeleton">{t('common.loading')}</p>}
      {read.data?.items.length === 0 && <p className="muted">{t('embedders.none')}</p>}
      <ul className="embedders">
        {read.data?.items.map((one) => (
          <li key={one.name}>
            <div className="row spread">
              <strong>{one.name}</strong>
              <span className={one.serving ? 'state state-approve' : 'state state-expired'}>
                {t(
                  one.serving
                    ? 'embedders.serving'
                    : one.state === 'complete'
                      ? 'embedders.ready'
                      : 'embedders.building',
                )}
              </span>
            </div>
            <meter
              className="model-bar"
              aria-label={t('embedders.readOf', { name: one.name })}
              aria-valuetext={`${one.read} / ${one.documents}`}
              value={one.documents > 0 ? one.read : 1}
              max={Math.max(one.documents, 1)}
            />
            <p className="muted number">
              {t('embedders.read', { read: number.format(one.read), of: number.format(one.documents) })} ·{' '}
              {one.completed_at
                ? t('embedders.since', { at: moment(one.completed_at, i18n.language) })
                : t('embedders.began', { at: moment(one.started_at, i18n.language) })}
            </p>
            {!one.serving && (
              <div className="row">
                <Button
                  size="small"
                  loading={busy === one.name}
                  disabled={one.state !== 'complete'}
                  onClick={() => serve(one)}
                >
                  {t('embedders.serve')}
                </Button>
                <Button size="small" danger onClick={() => drop(one)}>
                  {t('common.deleteNamed', { name: one.name })}
                </Button>
              </div>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}
