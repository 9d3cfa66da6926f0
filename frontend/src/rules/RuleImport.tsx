// What the choice of a file says is among these.
import '../i18n/addShows'
import { Alert, Button, Table } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { base64 } from '../shared/files'
import { listed } from '../shared/listed'
import { useProblemText } from '../shared/problems'
import type { Shapes } from '../shared/rest'
import { TableFile } from '../shared/TableFile'
import { type OwnRule, rulesApi } from './api'

/** Reads a table of rules; those without a fault can be put among the team's own, where they are saved with the rest. */
export default function RuleImport({ onRead }: { onRead: (rules: OwnRule[]) => void }) {
  const { t, i18n } = useTranslation()
  const problemText = useProblemText()
  const [read, setRead] = useState<Shapes['ReadRules']>()
  const [problem, setProblem] = useState<unknown>()
  const choice = useRef(0)
  const choose = async (file: File | undefined) => {
    const turn = ++choice.current
    setRead(undefined)
    setProblem(undefined)
    if (!file) return
    try {
      const answer = await rulesApi.readTable(await base64(file))
      if (choice.current === turn) setRead(answer)
    } catch (error) {
      if (choice.current === turn) setProblem(error)
    }
  }
  const reason = ({ code, message }: Shapes['TableError']) =>
    i18n.exists(`rules.faults.${code}`) ? t(`rules.faults.${code}` as 'rules.faults.bad_id') : message
  return (
    <>
      <TableFile id="rule-table" hint={t('rules.importHint')} onChoose={(file) => void choose(file)} />
      {problem !== undefined && <Alert type="error" showIcon role="alert" title={problemText(problem)} />}
      {read && read.unknown_columns.length > 0 && (
        <Alert
          type="warning"
          showIcon
          title={t('rules.importUnknown', { names: listed(read.unknown_columns) })}
        />
      )}
      {read && read.ours.length > 0 && (
        <Alert type="info" showIcon title={t('rules.importOurs', { count: read.ours.length })} />
      )}
      {read && read.errors.length > 0 && (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={t('rules.importWrong', { count: read.errors.length })}
          description={
            <ul>
              {read.errors.map((error) => (
                <li key={`${error.row} ${error.column} ${error.code} ${error.value}`}>
                  {t('rules.row')} {error.row} · {error.column} {error.value && <q>{error.value}</q>} —{' '}
                  {reason(error)}
                </li>
              ))}
            </ul>
          }
        />
      )}
      {read && (
        <Table<Shapes['ReadRule']>
          rowKey="row"
          size="small"
          dataSource={read.rules}
          title={() => t('rules.importRead', { count: read.rules.length })}
          pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
          columns={[
            { title: t('rules.row'), dataIndex: 'row', width: 64, className: 'number' },
            { title: t('rules.id'), dataIndex: ['rule', 'id'], width: 110, className: 'number' },
            { title: t('rules.title'), dataIndex: ['rule', 'title'], width: 160 },
            {
              title: t('rules.terms'),
              key: 'terms',
              render: (_, { rule }) => listed([...(rule.terms ?? []), ...(rule.patterns ?? [])]),
            },
          ]}
        />
      )}
      <div className="row form-actions">
        <Button
          type="primary"
          disabled={!read || read.rules.length === 0}
          onClick={() => read && onRead(read.rules.map(({ rule }) => rule as OwnRule))}
          data-testid="accept-rules"
        >
          {t('rules.importAccept', { count: read?.rules.length ?? 0 })}
        </Button>
      </div>
    </>
  )
}
