import '../i18n/addAgain'
import { RedoOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Tooltip } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'react-router'
import type { InterruptView } from '../generated/protocol'
import { api } from '../shared/api'
import { useCommandKeys } from '../shared/commands'
import { useDesk, useSocketStatus } from '../shared/desk'
import { useProblemText } from '../shared/problems'
import { Unread } from '../shared/Unread'

/** The new question comes within seconds; nobody else tells this card of it. */
const LOOK_AGAIN_MS = 1500

type How = { how: 'regenerate' } | { how: 'submit'; content?: string }

interface Props {
  threadId: string
  interrupt: InterruptView
  /** What this person had made of the text when its time was over. */
  edited: string | undefined
  /** It was submitted as it was edited: the draft has served. */
  onTaken: () => void
}

/** Takes up what nobody decided in time: submitted again as it was or as it was edited, or written anew. */
export default function Expired({ threadId, interrupt, edited, onTaken }: Props) {
  const { t } = useTranslation()
  const { may, socket } = useDesk()
  const problemText = useProblemText()
  const online = useSocketStatus().state === 'open'
  const keyFor = useCommandKeys()
  const inThread = useLocation().pathname.startsWith('/console')
  const [busy, setBusy] = useState<'original' | 'edited' | 'regenerate'>()
  const [refusal, setRefusal] = useState<unknown>()
  const taken = useRef(0)
  const asked = useQuery({
    queryKey: ['interrupt', interrupt.id, 'again'],
    queryFn: () => api.interrupt(interrupt.id),
    staleTime: 0,
    refetchInterval: ({ state: { data } }) =>
      data?.again && !data.again.interrupt_id ? LOOK_AGAIN_MS : false,
  })
  const again = asked.data?.again

  const take = async (what: How) => {
    setBusy(what.how === 'regenerate' ? what.how : 'content' in what ? 'edited' : 'original')
    setRefusal(undefined)
    try {
      const id = keyFor([interrupt.id, what, taken.current])
      await socket.send({ type: 'again', id, interrupt_id: interrupt.id, ...what })
      // What was begun may fail: the same choice is another command then.
      taken.current += 1
      if ('content' in what) onTaken()
    } catch (error) {
      setRefusal(error)
    } finally {
      await asked.refetch()
      setBusy(undefined)
    }
  }

  if (asked.isError && !asked.data) return <Unread asked={asked} />
  if (!asked.data) return null
  if (again) {
    const name = again.by?.name ?? ''
    return (
      <p className="expired-again" role="status" data-testid="taken-up">
        {t(again.interrupt_id ? 'again.taken' : 'again.underWay', { name })}{' '}
        {again.interrupt_id ? (
          <Link className="text-link" to={`/approvals/${again.interrupt_id}`}>
            {t('again.toNew')}
          </Link>
        ) : (
          !inThread && (
            <Link className="text-link" to={`/console/${threadId}`}>
              {t('again.toThread')}
            </Link>
          )
        )}
      </p>
    )
  }
  if (!may('thread.write')) return <p className="muted">{t('again.mayNot')}</p>
  const why = online ? undefined : t('review.offline')
  const button = (name: NonNullable<typeof busy>, label: string, what: How, first = false) => (
    <Tooltip title={why}>
      <Button
        type={first ? 'primary' : 'default'}
        icon={name === 'regenerate' ? <RedoOutlined /> : undefined}
        loading={busy === name}
        disabled={!online || (busy !== undefined && busy !== name)}
        onClick={() => void take(what)}
        data-testid={`again-${name}`}
      >
        {label}
      </Button>
    </Tooltip>
  )
  return (
    <div className="expired-again">
      <p className="muted">{t('again.hint')}</p>
      {refusal !== undefined && (
        <Alert
          type="warning"
          showIcon
          role="alert"
          title={problemText(refusal)}
          data-testid="again-refused"
          closable={{ onClose: () => setRefusal(undefined) }}
        />
      )}
      <div className="card-actions">
        {edited && button('edited', t('again.submitEdit'), { how: 'submit', content: edited }, true)}
        {button('original', t('again.submit'), { how: 'submit' }, !edited)}
        {button('regenerate', t('again.regenerate'), { how: 'regenerate' })}
        <span className="muted">{t('again.checked')}</span>
      </div>
    </div>
  )
}
