/** Choosing a table from the disk. */

import { useState } from 'react'
import { useTranslation } from 'react-i18next'

/** A CSV or XLSX to choose; `hint` says what belongs into it. The same file may be chosen again, after a correction. */
export function TableFile({
  id,
  hint,
  onChoose,
}: {
  id: string
  hint: string
  onChoose: (file: File | undefined) => void
}) {
  const { t } = useTranslation()
  const [name, setName] = useState<string>()
  return (
    <div className="table-file">
      <p className="muted" id={`${id}-hint`}>
        {hint}
      </p>
      <span className="row">
        {/* The browser's own button speaks the browser's language, whatever the page's is. */}
        <input
          id={id}
          className="visually-hidden"
          type="file"
          accept=".csv,.tsv,.xlsx,text/csv"
          aria-describedby={`${id}-hint`}
          onClick={(event) => {
            event.currentTarget.value = '' // else a file of the same name, corrected, is no change
          }}
          onChange={(event) => {
            const file = event.target.files?.[0]
            setName(file?.name)
            onChoose(file)
          }}
        />
        <label htmlFor={id} className="file-button">
          {t('show.file')}
        </label>
        <span className="muted">{name ?? t('show.noFile')}</span>
      </span>
    </div>
  )
}
