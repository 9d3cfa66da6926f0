import '../i18n/addDeskMore'
import {
  DeleteOutlined,
  DownloadOutlined,
  EditOutlined,
  HistoryOutlined,
  MoreOutlined,
  PushpinFilled,
  PushpinOutlined,
} from '@ant-design/icons'
import { Button, Dropdown } from 'antd'
import { useTranslation } from 'react-i18next'
import { useDesk } from '../shared/desk'

interface Props {
  title: string
  pinned: boolean
  onPin: () => void
  onRename: () => void
  onDelete: () => void
  onExport: () => void
  onReplay: () => void
}

/** What can be done with one thread of the list. A chunk of its own: a menu is larger than the list. */
export default function ThreadMenu({ title, pinned, onPin, onRename, onDelete, onExport, onReplay }: Props) {
  const { t } = useTranslation()
  const { may } = useDesk()
  const acts = { pin: onPin, rename: onRename, delete: onDelete, export: onExport, replay: onReplay }
  return (
    <>
      {pinned && (
        <PushpinFilled
          className="thread-pin"
          role="img"
          aria-label={t('deskMore.pinned')}
          title={t('deskMore.pinned')}
          data-testid="pinned"
        />
      )}
      <Dropdown
        trigger={['click']}
        // By keys the menu is gone through at once.
        autoFocus
        menu={{
          items: [
            {
              key: 'pin',
              icon: <PushpinOutlined />,
              label: t(pinned ? 'deskMore.unpin' : 'deskMore.pin'),
            },
            { key: 'replay', icon: <HistoryOutlined />, label: t('deskMore.replay') },
            { key: 'export', icon: <DownloadOutlined />, label: t('deskMore.export') },
            ...(may('thread.write')
              ? [
                  { key: 'rename', icon: <EditOutlined />, label: t('desk.rename') },
                  { key: 'delete', icon: <DeleteOutlined />, label: t('common.delete'), danger: true },
                ]
              : []),
          ],
          onClick: ({ key }) => acts[key as keyof typeof acts](),
        }}
      >
        <Button
          type="text"
          size="small"
          icon={<MoreOutlined />}
          aria-label={t('desk.threadMenu', { title })}
        />
      </Dropdown>
    </>
  )
}
