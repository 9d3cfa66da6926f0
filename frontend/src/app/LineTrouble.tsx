import '../i18n/addElsewhere'
import { Alert } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorFrame } from '../generated/protocol'
import { useDesk } from '../shared/desk'
import { useProblemText } from '../shared/problems'

/** What the page sent was wrong, which nobody can mend in what they filled in. */
const unread: ReadonlySet<string> = new Set(['bad_request', 'unsupported_command'])

/** What the server says went wrong on the line and is no command's answer: nobody else would tell of it. */
export function LineTrouble() {
  const { t } = useTranslation()
  const { socket } = useDesk()
  const problemText = useProblemText()
  const [trouble, setTrouble] = useState<ErrorFrame>()
  useEffect(() => socket.onFrame((frame) => frame.type === 'error' && setTrouble(frame)), [socket])
  if (!trouble) return null
  return (
    <Alert
      type="warning"
      showIcon
      banner
      role="alert"
      title={
        unread.has(trouble.code)
          ? t('elsewhere.unread')
          : t('elsewhere.line', { problem: problemText(trouble) })
      }
      closable={{ onClose: () => setTrouble(undefined) }}
      data-testid="line-trouble"
    />
  )
}
