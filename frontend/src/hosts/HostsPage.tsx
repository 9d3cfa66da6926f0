import '../i18n/addCatalogue'
import { Form, Input, InputNumber } from 'antd'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { Catalogue } from '../shared/Catalogue'
import { fromLines, toLines } from '../shared/forms'
import type { Shapes } from '../shared/rest'
import { TableImportButton } from '../shared/TableImportButton'

type Host = Shapes['Host']

type Values = Pick<Host, 'name' | 'voice' | 'audience' | 'pace'> &
  Record<'catchphrases' | 'taboo_words', string>

function values(host: Host | undefined): Values {
  if (!host) return { name: '', voice: '', audience: '', pace: 260, catchphrases: '', taboo_words: '' }
  const { name, voice, audience, pace } = host
  const lists = { catchphrases: fromLines(host.catchphrases), taboo_words: fromLines(host.taboo_words) }
  return { name, voice, audience, pace, ...lists }
}

function save(host: Host | undefined, typed: Values, key: string): Promise<unknown> {
  const lists = { catchphrases: toLines(typed.catchphrases), taboo_words: toLines(typed.taboo_words) }
  const body = { ...typed, ...lists }
  return host ? api.updateHost(host.id, { ...body, version: host.version }) : api.createHost(body, key)
}

const matches = (host: Host, search: string) =>
  `${host.name} ${host.voice} ${host.audience}`.toLowerCase().includes(search)

export default function HostsPage() {
  const { t } = useTranslation()
  return (
    <Catalogue<Host, Values>
      title={t('nav.hosts')}
      name="hosts"
      read={api.hosts}
      matches={matches}
      values={values}
      save={save}
      remove={api.deleteHost}
      tools={<TableImportButton name="hosts" read={api.readHostTable} take={api.importHosts} />}
      columns={[
        { title: t('host.name'), dataIndex: 'name', width: 140 },
        { title: t('host.voice'), dataIndex: 'voice', width: 320 },
        { title: t('host.audience'), dataIndex: 'audience', width: 240 },
        {
          title: t('host.pace'),
          dataIndex: 'pace',
          width: 110,
          align: 'right',
          className: 'number',
          render: (pace: number) => `${pace} ${t('host.paceUnit')}`,
          sorter: (a, b) => a.pace - b.pace,
        },
      ]}
      fields={
        <>
          <Form.Item
            name="name"
            label={t('host.name')}
            rules={[{ required: true, whitespace: true, message: t('common.required') }]}
          >
            <Input maxLength={60} />
          </Form.Item>
          <Form.Item name="voice" label={t('host.voice')} extra={t('host.voiceHint')}>
            <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 6 }} />
          </Form.Item>
          <Form.Item name="audience" label={t('host.audience')}>
            <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 6 }} />
          </Form.Item>
          <Form.Item
            name="pace"
            label={t('host.pace')}
            extra={t('host.paceHint')}
            rules={[{ required: true, message: t('common.required') }]}
          >
            <InputNumber min={120} max={420} step={5} suffix={t('host.paceUnit')} style={{ width: 180 }} />
          </Form.Item>
          <Form.Item name="catchphrases" label={t('host.catchphrases')} extra={t('host.catchphrasesHint')}>
            <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} />
          </Form.Item>
          <Form.Item name="taboo_words" label={t('host.tabooWords')} extra={t('host.tabooWordsHint')}>
            <Input.TextArea autoSize={{ minRows: 2, maxRows: 8 }} />
          </Form.Item>
        </>
      }
    />
  )
}
