import { DesktopOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Alert, App, Button, Empty } from 'antd'
import { Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ShowView } from '../generated/protocol'
import { MarkedText } from '../review/MarkedText'
import { api } from '../shared/api'
import { useRoomState } from '../shared/desk'
import { clockTime } from '../shared/format'
import { part } from '../shared/part'
import { useProblemText } from '../shared/problems'
import { RestProblem } from '../shared/rest'
import { uuid7 } from '../wire/ids'
import type { Held } from './HeldNotice'

// What is seldom shown is loaded when it is: the route is near its budget.
const HeldNotice = part(() => import('./HeldNotice'))

/** What this show has put on its room's rundown, in order; each can be put on the teleprompter. */
export function RoomRundown({
  showId,
  show,
  roomId,
  writes,
}: {
  showId: string
  show: ShowView
  roomId: string
  writes: boolean
}) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const prompter = useRoomState(roomId)
  // What is there, and in which order, the show's own log tells: a change of it is a reason to read the texts anew.
  const versions = show.items.map(({ id, script_id, script_version }) => [id, script_id, script_version])
  const rundown = useQuery({
    queryKey: ['rundown', roomId, JSON.stringify(versions)],
    queryFn: () => api.rundown(roomId),
    placeholderData: (before) => before,
  })
  const entries = rundown.data?.items.filter((entry) => entry.show_id === showId) ?? []
  const [held, setHeld] = useState<{ entryId: string; details: Held }>()
  const cue = async (entryId: string, overrideReason: string | null = null) => {
    try {
      await api.cueEntry(roomId, entryId, uuid7(), overrideReason)
      setHeld(undefined)
    } catch (error) {
      if (error instanceof RestProblem && error.code === 'push_held') {
        setHeld({ entryId, details: error.details as unknown as Held })
      } else {
        message.error(problemText(error))
      }
    }
  }
  if (rundown.isError && !rundown.data) {
    return (
      <Alert
        type="error"
        showIcon
        title={problemText(rundown.error)}
        action={<Button onClick={() => void rundown.refetch()}>{t('common.retry')}</Button>}
      />
    )
  }
  if (entries.length === 0) return rundown.isPending ? null : <Empty description={t('show.rundownEmpty')} />
  return (
    <ol className="rundown" data-testid="rundown">
      {entries.map((entry) => {
        const shown =
          prompter?.script_id === entry.script_id && prompter.script_version === entry.script_version
        return (
          <li key={entry.id} data-testid="rundown-entry">
            <div className="row spread">
              <strong>
                {entry.title} <span className="muted number">v{entry.script_version}</span>
              </strong>
              <span className="row">
                <span className="muted number">{clockTime(entry.planned_seconds ?? 0)}</span>
                {shown ? (
                  <span className="state state-approve">{t('show.onPrompter')}</span>
                ) : (
                  <Button
                    size="small"
                    icon={<DesktopOutlined />}
                    disabled={!writes}
                    aria-label={`${t('show.cue')} ${entry.title}`}
                    onClick={() => void cue(entry.id)}
                  >
                    {t('show.cue')}
                  </Button>
                )}
              </span>
            </div>
            {held?.entryId === entry.id && (
              <Suspense fallback={null}>
                <HeldNotice
                  held={held.details}
                  onCue={(reason) => cue(entry.id, reason)}
                  onRegenerate={async () => {
                    try {
                      await api.regenerateShowItem(showId, entry.show_item_id ?? '', uuid7())
                      setHeld(undefined)
                    } catch (error) {
                      message.error(problemText(error))
                    }
                  }}
                />
              </Suspense>
            )}
            {held?.entryId === entry.id ? (
              <MarkedText
                text={entry.content}
                findings={held.details.findings}
                version={held.details.rules_version}
              />
            ) : (
              <p className="script-text">{entry.content}</p>
            )}
          </li>
        )
      })}
    </ol>
  )
}
