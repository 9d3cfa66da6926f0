import '../i18n/addApprovals'
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { faults, type Look, sorts } from './arrange'

/** What of the queue is shown, and in which order. */
export function LookBar({
  look,
  rooms,
  onLook,
}: {
  look: Look
  rooms: readonly string[]
  onLook: (look: Look) => void
}) {
  const { t } = useTranslation()
  // A room that was chosen stays a choice although nothing waits for it now.
  const names = look.room && !rooms.includes(look.room) ? [look.room, ...rooms] : rooms
  return (
    <div className="look-bar" data-testid="look-bar">
      <Select<Look['faults']>
        size="small"
        aria-label={t('approvalDesk.filter')}
        data-testid="look-faults"
        value={look.faults}
        onChange={(wanted) => onLook({ ...look, faults: wanted })}
        options={faults.map((value) => ({ value, label: t(`approvalLook.${value}`) }))}
      />
      <Select
        size="small"
        aria-label={t('approvalDesk.room')}
        data-testid="look-room"
        value={look.room}
        onChange={(room) => onLook({ ...look, room })}
        options={[
          { value: '', label: t('approvalDesk.anyRoom') },
          ...names.map((value) => ({ value, label: value })),
        ]}
      />
      <Select<Look['sort']>
        size="small"
        aria-label={t('approvalDesk.sort')}
        data-testid="look-sort"
        value={look.sort}
        onChange={(sort) => onLook({ ...look, sort })}
        options={sorts.map((value) => ({ value, label: t(`approvalLook.${value}`) }))}
      />
    </div>
  )
}
