import { Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

interface Props {
  title: string
  /** What else is gone then. */
  hint?: string
  /** What is done, where it is no deletion. */
  okText?: string
  onDelete: () => Promise<void>
  onClose: () => void
}

/** Asks once more before something is gone. A chunk of its own: a dialog is larger than most lists. */
export default function ConfirmDelete({ title, hint, okText, onDelete, onClose }: Props) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const remove = async () => {
    setBusy(true)
    await onDelete()
    onClose()
  }
  return (
    <Modal
      open
      title={title}
      okText={okText ?? t('common.delete')}
      okButtonProps={{ danger: true, autoFocus: true }}
      cancelText={t('common.cancel')}
      confirmLoading={busy}
      onOk={() => void remove()}
      onCancel={onClose}
      width={416}
    >
      {hint}
    </Modal>
  )
}
