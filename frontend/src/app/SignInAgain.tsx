import '../i18n/addElsewhere'
import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Modal } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDesk } from '../shared/desk'
import { type Shapes, SIGNED_OUT } from '../shared/rest'

const Login = lazy(() => import('./Login'))

/**
 * Whose session ended while the page was open signs in over it: what was typed anywhere stays, and is sent once more by
 * who typed it. Somebody else gets a page of their own, as at any other login.
 */
export function SignInAgain() {
  const { t } = useTranslation()
  const { me, socket } = useDesk()
  const cache = useQueryClient()
  const [ended, setEnded] = useState(false)
  const [asked, setAsked] = useState(false)
  useEffect(() => {
    const listen = () => setEnded(true)
    addEventListener(SIGNED_OUT, listen)
    return () => removeEventListener(SIGNED_OUT, listen)
  }, [])
  if (!ended) return null
  const done = (known: Shapes['Me']) => {
    setAsked(false)
    setEnded(false)
    cache.setQueryData(['me'], known)
    if (known.user.id !== me.user.id || known.tenant.id !== me.tenant.id) return
    if (socket.status.state === 'closed') socket.connect()
    // What could not be read meanwhile is read now.
    void cache.refetchQueries({ type: 'active', predicate: ({ state }) => state.status === 'error' })
  }
  return (
    <>
      <Alert
        type="warning"
        showIcon
        banner
        role="alert"
        title={t('elsewhere.ended')}
        action={
          <Button size="small" onClick={() => setAsked(true)} data-testid="sign-in-again">
            {t('elsewhere.signIn')}
          </Button>
        }
        data-testid="session-ended"
      />
      {asked && (
        <Modal open footer={null} onCancel={() => setAsked(false)} title={t('elsewhere.signIn')} width={480}>
          <Suspense fallback={null}>
            <Login onDone={done} />
          </Suspense>
        </Modal>
      )}
    </>
  )
}
