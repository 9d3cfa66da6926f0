import '../i18n/addDeskMore'
import { DeleteOutlined, DownloadOutlined, EditOutlined, MoreOutlined } from '@ant-design/icons'
import { Button, Dropdown } from 'antd'
import { useTranslation } from 'react-i18next'
import { useDesk } from '../shared/desk'

interface Props {
  title: string
  onRename: () => void
  onDelete: () => void
  onExport: () => void
}

/** What can be done with one thread of the list. A chunk of its own: a menu is larger than the list. */
export default function ThreadMenu({ title, onRename, onDelete, onExport }: Props) {
  const { t } = useTranslation()
  const { may } = useDesk()
  const acts = { rename: onRename, delete: onDelete, export: onExport }
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: [
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
      <Button type="text" size="small" icon={<MoreOutlined />} aria-label={t('desk.threadMenu', { title })} />
    </Dropdown>
  )
}
