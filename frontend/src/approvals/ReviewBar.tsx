import '../i18n/addApprovals'
import { EyeOutlined, FieldTimeOutlined, UserOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { InterruptView } from '../generated/protocol'
import { useDesk, useSocketStatus } from '../shared/desk'
import { isPageKey } from '../shared/keys'
import { listed } from '../shared/listed'
import { usePageActions } from '../shared/pageActions'
import { useProblemText } from '../shared/problems'
import { useKeydown } from '../shared/useKeydown'
import type { Claiming } from './useClaim'

/** Who is at what waits: who looks, who reviews, and to take it, give it back or ask for more time. */
export function ReviewBar({ interrupt, claiming }: { interrupt: InterruptView; claiming: Claiming }) {
  const { t } = useTranslation()
  const { me, may } = useDesk()
  const problemText = useProblemText()
  const { lookers, mine, holder, problem, claim, release, extend } = claiming
  // Said now or not at all: what is asked for when the line is back may be a colleague's by then.
  const busy = useSocketStatus().state !== 'open' || claiming.busy
  const open = interrupt.status === 'pending' && interrupt.on_air_at === null
  useKeydown((event) => {
    if (event.key.toLowerCase() !== 'c' || event.shiftKey || event.repeat || busy || !isPageKey(event)) return
    event.preventDefault()
    void (mine ? release() : claim(false))
  }, open && may('interrupt.decide'))
  usePageActions(() =>
    open && may('interrupt.decide') && !busy
      ? [
          mine
            ? { id: 'release', label: t('commandBar.release'), keys: 'C', run: () => void release() }
            : { id: 'claim', label: t('commandBar.claim'), keys: 'C', run: () => void claim(false) },
          { id: 'extend', label: t('commandBar.extend'), run: () => void extend() },
        ]
      : [],
  )
  const was = useRef(open)
  was.current ||= open
  // Decided while one looks at it: its place stays, or the script would jump under the pointer.
  if (!open) return was.current ? <div className="review-bar" /> : null
  const others = lookers.filter(({ id }) => id !== me.user.id && id !== holder?.id)
  return (
    <div className="review-bar row" data-testid="review-bar">
      {mine ? (
        <span className="state state-approve" data-testid="claimed-by">
          <UserOutlined /> {t('approvalDesk.mine')}
        </span>
      ) : (
        holder && (
          <span className="state state-urgent" data-testid="claimed-by">
            <UserOutlined /> {t('review.claimedBy', { name: holder.name })}
          </span>
        )
      )}
      {others.length > 0 && (
        <span className="muted" data-testid="lookers">
          <EyeOutlined /> {t('approvalDesk.looking', { names: listed(others.map(({ name }) => name)) })}
        </span>
      )}
      {may('interrupt.decide') && (
        <>
          {mine ? (
            <Button size="small" disabled={busy} onClick={() => void release()} data-testid="release">
              {t('approvalDesk.release')}
              <kbd>C</kbd>
            </Button>
          ) : (
            <Button
              size="small"
              disabled={busy}
              onClick={() => void claim(holder !== null)}
              data-testid={holder ? 'take-over' : 'claim'}
            >
              {t(holder ? 'approvalDesk.takeOver' : 'approvalDesk.claim')}
              {!holder && <kbd>C</kbd>}
            </Button>
          )}
          <Button
            size="small"
            icon={<FieldTimeOutlined />}
            disabled={busy}
            onClick={() => void extend()}
            data-testid="extend"
          >
            {t('approvalDesk.extend')}
          </Button>
        </>
      )}
      {problem !== null && (
        <span className="fact-bad" role="alert">
          {problemText(problem)}
        </span>
      )}
    </div>
  )
}
