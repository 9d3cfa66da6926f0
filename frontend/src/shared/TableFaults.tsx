import { ExclamationCircleFilled } from '@ant-design/icons'
import { useTranslation } from 'react-i18next'
import { listed } from './listed'
import type { Shapes } from './rest'

/** What is wrong with one row of an uploaded table; `rows` names the row, where several are told together. */
export function TableFaults({ errors, rows }: { errors: readonly Shapes['TableError'][]; rows?: boolean }) {
  const { t } = useTranslation()
  return (
    <ul>
      {errors.map((error) => (
        <li
          className="bad"
          key={`${error.row} ${error.column} ${error.code} ${error.value} ${error.message}`}
        >
          <ExclamationCircleFilled /> {rows && `${t('show.row')} ${error.row} · `}
          {error.column && `${error.column}${error.value && `「${error.value}」`}：`}
          <FaultText error={error} />
        </li>
      ))}
    </ul>
  )
}

function FaultText({ error }: { error: Shapes['TableError'] }) {
  const { t, i18n } = useTranslation()
  const known = i18n.exists(`tableFault.${error.code}`)
  const text = known ? t(`tableFault.${error.code}` as 'tableFault.no_product', error.details) : error.message
  const like = Array.isArray(error.details.like) ? (error.details.like as string[]) : []
  return (
    <>
      {text}
      {like.length > 0 && ` ${t('show.meant', { names: listed(like) })}`}
    </>
  )
}
