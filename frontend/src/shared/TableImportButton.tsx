import { UploadOutlined } from '@ant-design/icons'
import { Button, Drawer } from 'antd'
import { type ComponentProps, lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'

const TableImport = lazy(() => import('./TableImport'))

/** Opens the import of a table beside the page. */
export function TableImportButton(props: ComponentProps<typeof TableImport>) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const title = t(`tableImport.${props.name}`)
  return (
    <>
      <Button icon={<UploadOutlined />} onClick={() => setOpen(true)} data-testid={`import-${props.name}`}>
        {title}
      </Button>
      <Drawer open={open} onClose={() => setOpen(false)} size={720} title={title} destroyOnHidden>
        <Suspense fallback={<p className="skeleton">{t('common.loading')}</p>}>
          {open && <TableImport {...props} />}
        </Suspense>
      </Drawer>
    </>
  )
}
