import { CaretRightFilled, EllipsisOutlined, HolderOutlined, VideoCameraFilled } from '@ant-design/icons'
import { App, Button, Dropdown } from 'antd'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import type { Held } from '../rundown/HeldNotice'
import { api } from '../shared/api'
import { clockTime } from '../shared/format'
import { listed } from '../shared/listed'
import { part } from '../shared/part'
import { useProblemText } from '../shared/problems'
import { uuid7 } from '../wire/ids'
import type { Entry } from './api'
import { type Standing, secondsToRead } from './queue'
import type { Reorder } from './useReorder'

const HeldNotice = part(() => import('../rundown/HeldNotice'))

/** How to put an entry on air: docked while another is read, announced and cut in, or in the place of it at once. */
export type Air = 'cue' | 'cut' | 'take'

const tones: Record<Standing, string> = {
  onAir: 'live',
  waiting: 'pending',
  next: 'writing',
  held: 'reject',
  said: 'expired',
  queued: 'edit',
}

/** One script of the rundown: what it is to the room, how long it takes, and what can be done with it. */
export function QueueEntry({
  entry,
  standing,
  changed,
  refused,
  pace,
  writes,
  busy,
  grabbed,
  handle,
  place,
  last,
  onPut,
  onPlace,
  onRemove,
  onRegenerated,
}: {
  entry: Entry
  standing: Standing
  /** What changed since it was approved and forbids it now. */
  changed: readonly string[] | undefined
  /** Why the server did not put it on air when it was asked to. */
  refused: Held | undefined
  pace: number
  writes: boolean
  busy: boolean
  grabbed: boolean
  handle: ReturnType<Reorder['handle']>
  place: number
  last: number
  onPut: (how: Air, reason?: string) => Promise<void>
  onPlace: (place: number) => void
  onRemove: () => void
  onRegenerated: () => void
}) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const there = standing === 'onAir' || standing === 'waiting'
  const { show_id, show_item_id } = entry
  const regenerate = async (show: string, item: string) => {
    try {
      await api.regenerateShowItem(show, item, uuid7())
      onRegenerated()
    } catch (error) {
      message.error(problemText(error))
    }
  }
  return (
    <li
      data-entry={entry.id}
      data-testid="queue-entry"
      data-standing={standing}
      className={grabbed ? 'grabbed' : undefined}
      aria-current={standing === 'onAir' || undefined}
    >
      <button
        type="button"
        className="live-handle"
        aria-label={t('live.drag', { title: entry.title })}
        aria-describedby="drag-hint"
        aria-pressed={grabbed}
        disabled={!writes}
        {...handle}
      >
        <HolderOutlined />
      </button>
      <div className="live-entry">
        <strong>{entry.title}</strong>
        <span className="row muted number">
          <span className={`state state-${tones[standing]}`}>
            {standing === 'onAir' && <VideoCameraFilled />}
            {standing === 'next' && <CaretRightFilled />}
            {t(`live.standing.${standing}`)}
          </span>
          <span>
            {clockTime(secondsToRead(entry.content, pace))}
            {entry.planned_seconds !== null && ` / ${clockTime(entry.planned_seconds)}`}
          </span>
          <span>v{entry.script_version}</span>
          {entry.show_name && <span>{entry.show_name}</span>}
        </span>
        {changed && (
          <span className="bad">
            {t('live.heldWhy', {
              changed: listed(changed.map((one) => t(`show.heldBy.${one as 'rules'}`))),
            })}
          </span>
        )}
      </div>
      <span className="live-entry-acts">
        {!there && (
          <Button
            size="small"
            type={standing === 'next' ? 'primary' : 'default'}
            disabled={!writes}
            loading={busy}
            aria-label={t('live.cueNamed', { title: entry.title })}
            title={`Shift: ${t('live.take')}`}
            onClick={(event) => void onPut(event.shiftKey ? 'take' : 'cue')}
            data-testid="cue"
          >
            {t('live.cue')}
          </Button>
        )}
        <Dropdown
          trigger={['click']}
          // By keys the menu is gone through at once.
          autoFocus
          disabled={!writes}
          menu={{
            items: [
              ...(there
                ? []
                : [
                    {
                      key: 'cut',
                      label: `${t('live.cut')} · ${t('live.cutHint')}`,
                      onClick: () => void onPut('cut'),
                    },
                    {
                      key: 'take',
                      danger: true,
                      label: `${t('live.take')} · ${t('live.takeHint')}`,
                      onClick: () => void onPut('take'),
                    },
                    { type: 'divider' as const },
                  ]),
              { key: 'top', label: t('live.top'), disabled: place <= 0, onClick: () => onPlace(0) },
              { key: 'up', label: t('live.up'), disabled: place <= 0, onClick: () => onPlace(place - 1) },
              {
                key: 'down',
                label: t('live.down'),
                disabled: place >= last,
                onClick: () => onPlace(place + 1),
              },
              { type: 'divider' as const },
              { key: 'remove', danger: true, label: t('live.remove'), onClick: onRemove },
            ],
          }}
        >
          <Button
            size="small"
            type="text"
            icon={<EllipsisOutlined />}
            disabled={!writes}
            aria-label={t('live.more', { title: entry.title })}
            data-testid="entry-more"
          />
        </Dropdown>
      </span>
      {refused && (
        <div className="live-held">
          <Suspense fallback={null}>
            <HeldNotice
              held={refused}
              onCue={(reason) => onPut('cue', reason)}
              onRegenerate={show_id && show_item_id ? () => regenerate(show_id, show_item_id) : undefined}
            />
          </Suspense>
        </div>
      )}
    </li>
  )
}
