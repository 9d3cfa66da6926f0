import '../i18n/addAgain'
import { UndoOutlined } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import type { MessageView } from '../generated/protocol'
import { titleTold } from './timeline'

/** In a conversation: who took which rejection back. */
export default function TakenBackLine({ message }: { message: Pick<MessageView, 'author' | 'content'> }) {
  const { t } = useTranslation()
  return (
    <p className="fact" role="status" data-testid="taken-back">
      <UndoOutlined />
      {t('takenBack.line', { name: message.author?.name ?? '', title: titleTold(message.content) })}
    </p>
  )
}
