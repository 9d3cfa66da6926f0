import { App } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDesk } from '../shared/desk'
import { useProblemText } from '../shared/problems'
import { told } from '../shared/rest'
import { liveApi } from './api'
import type { useRundown } from './useRundown'

const AGAIN_MS = 1000

/**
 * Saves another order of a rundown. What was dropped while the server is away is drawn as it was dropped and saved when the
 * line is back, unless somebody else changed the rundown by then.
 */
export function useOrder(roomId: string, { list, set }: Pick<ReturnType<typeof useRundown>, 'list' | 'set'>) {
  const { t } = useTranslation()
  const { socket } = useDesk()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const [saving, setSaving] = useState<readonly string[]>()
  const here = useRef(true)
  useEffect(() => {
    here.current = true
    return () => {
      here.current = false
    }
  }, [])

  /** `shown` is what is drawn, `all` the order with what is folded away. */
  const order = async (shown: readonly string[], all: string[]) => {
    const { data } = list
    if (!data) return
    setSaving(shown)
    while (here.current) {
      try {
        set(await liveApi.order(roomId, all, data.revision))
        break
      } catch (error) {
        const { code } = told(error)
        if (code === 'unreachable') {
          message.warning({ key: 'order', content: t('live.orderWaits') })
          await new Promise((again) => setTimeout(again, AGAIN_MS))
          await new Promise<void>((open) => {
            const stop = socket.onStatus(({ state }) => {
              if (state !== 'open') return
              open()
              // Told at once if it is open already, before there is anything to call off.
              queueMicrotask(() => stop())
            })
          })
          continue
        }
        const { data: now } = await list.refetch()
        // The answer to the first try was lost with the server.
        if (now?.items.map(({ id }) => id).join() === all.join()) break
        const stale = ['version_conflict', 'bad_request'].includes(code)
        message.warning(stale ? t('live.changed') : problemText(error))
        break
      }
    }
    setSaving(undefined)
  }
  return { order, saving }
}
