import { Alert, Button, Empty } from 'antd'
import { useTranslation } from 'react-i18next'
import { useProblemText } from './problems'
import { told } from './rest'

interface Asked {
  readonly isError: boolean
  readonly error: unknown
  readonly isFetching: boolean
  readonly refetch: () => unknown
}

/** That something could not be read, why, and to try again. What was read before stays below it. */
export function Unread({ asked }: { asked: Asked }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  if (!asked.isError) return null
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={problemText(asked.error)}
      action={
        // What does not exist is not there the next time either.
        told(asked.error).code === 'not_found' ? undefined : (
          <Button loading={asked.isFetching} onClick={() => void asked.refetch()} data-testid="read-again">
            {t('common.retry')}
          </Button>
        )
      }
      data-testid="unread"
    />
  )
}

/** What a table says without rows: only a list that was read can be empty. */
export const noRows = (asked: { readonly isSuccess: boolean }, text: string) => ({
  emptyText: asked.isSuccess ? <Empty description={text} /> : <span />,
})
