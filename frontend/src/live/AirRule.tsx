import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, InputNumber, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDesk } from '../shared/desk'
import { useProblemText } from '../shared/problems'
import { liveApi, type Room } from './api'

type Rule = 'team' | 'auto' | 'held' | 'manual'
const USUAL_SECONDS = 5
const MOST_SECONDS = 600

/** A room's rule as a choice: by hand; else at once, after so many seconds, or as the team has it. */
function ruleOf({ by_hand, undo_window }: Room): Rule {
  if (by_hand) return 'manual'
  if (undo_window === null || undo_window === undefined) return 'team'
  return undo_window > 0 ? 'held' : 'auto'
}

/** How what is approved comes on air here; changed by who may change rooms. */
export function AirRule({ room }: { room: Room }) {
  const { t } = useTranslation()
  const { may } = useDesk()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const [busy, setBusy] = useState(false)
  const policies = useQuery({ queryKey: ['policies'], queryFn: liveApi.policies })
  const rule = ruleOf(room)
  const seconds = room.undo_window ?? policies.data?.undo_window ?? 0
  const effective = rule === 'manual' ? 'manual' : seconds > 0 ? 'held' : 'auto'

  const change = async (chosen: Rule, wait = seconds || USUAL_SECONDS) => {
    setBusy(true)
    const undo_window = { team: null, manual: room.undo_window ?? null, auto: 0, held: wait }[chosen]
    try {
      await liveApi.setRule(room.id, { by_hand: chosen === 'manual', undo_window })
      message.success(t('live.ruleKept'))
    } catch (error) {
      message.error(problemText(error))
    } finally {
      await cache.invalidateQueries({ queryKey: ['rooms'] })
      setBusy(false)
    }
  }
  return (
    <section aria-labelledby="rule-title" data-testid="air-rule" data-rule={effective}>
      <h2 id="rule-title">{t('live.rule')}</h2>
      <p>{t(`live.ruleNow.${effective}`, { seconds })}</p>
      <p className="muted">{t('live.ruleShows')}</p>
      {may('catalogue.write') && (
        <div className="row">
          <Select<Rule>
            aria-label={t('live.rule')}
            value={rule}
            loading={busy}
            disabled={busy}
            onChange={(chosen) => void change(chosen)}
            options={(['team', 'auto', 'held', 'manual'] as const).map((value) => ({
              value,
              label: t(
                `live.rule${value === 'team' ? 'Team' : value === 'auto' ? 'Auto' : value === 'held' ? 'Held' : 'Manual'}`,
              ),
            }))}
            style={{ minWidth: 220, flex: 1 }}
            data-testid="rule"
          />
          {rule === 'held' && (
            <InputNumber
              key={seconds}
              aria-label={t('live.ruleSeconds')}
              min={1}
              max={MOST_SECONDS}
              precision={0}
              defaultValue={seconds}
              disabled={busy}
              onBlur={({ target }) => {
                const typed = Number(target.value)
                if (typed >= 1 && typed <= MOST_SECONDS && typed !== seconds) void change('held', typed)
              }}
              onPressEnter={({ target }) => (target as HTMLElement).blur()}
              style={{ width: 88 }}
            />
          )}
        </div>
      )}
    </section>
  )
}
