import { WarningFilled } from '@ant-design/icons'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'

/** In the place of a page that cannot be shown: why, and to try again. Plain, since every page loads it. */
export function Trouble({ text, onAgain }: { text: string; onAgain: () => void }) {
  const { t } = useTranslation()
  return (
    <div className="trouble" role="alert" data-testid="broken">
      <WarningFilled />
      <span>{text}</span>
      <Button onClick={onAgain}>{t('common.retry')}</Button>
    </div>
  )
}
