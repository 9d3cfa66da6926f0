import { Alert, Button, Checkbox, Input, Modal, Select } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { copyText } from '../shared/clipboard'
import { useProblemText } from '../shared/problems'
import { type NewKey, settingsApi } from './api'

const scopes = ['models', 'work'] as const
type Scope = (typeof scopes)[number]
/** For how long a key may hold, in days; 0: until it is revoked. */
const lifetimes = [30, 90, 365, 0] as const

interface Props {
  onMade: () => void
  onClose: () => void
}

/** Makes a key and shows it: the only time that anybody sees it, so it is kept nowhere but here. */
export default function NewApiKey({ onMade, onClose }: Props) {
  const { t } = useTranslation()
  const [made, setMade] = useState<NewKey>()
  return (
    <Modal
      open
      title={made ? t('apiKeys.madeTitle', { name: made.name }) : t('apiKeys.create')}
      footer={null}
      // A click beside it would lose a key that nobody has copied.
      mask={{ closable: false }}
      keyboard={made === undefined}
      closable={made === undefined}
      onCancel={onClose}
      width={480}
    >
      {made ? (
        <Made secret={made.secret} onClose={onClose} />
      ) : (
        <Wanted
          onMade={(key) => {
            setMade(key)
            onMade()
          }}
          onClose={onClose}
        />
      )}
    </Modal>
  )
}

function Wanted({ onMade, onClose }: { onMade: (key: NewKey) => void; onClose: () => void }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<Scope[]>([])
  const [days, setDays] = useState<number>(365)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>()
  const nameless = tried && name.trim() === ''
  const useless = tried && chosen.length === 0

  const make = async (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (busy || name.trim() === '' || chosen.length === 0) return
    setBusy(true)
    setProblem(undefined)
    try {
      onMade(await settingsApi.makeKey({ name: name.trim(), scopes: chosen, expires_in_days: days || null }))
    } catch (error) {
      setProblem(error)
      setBusy(false)
    }
  }
  return (
    <form className="new-key" onSubmit={(event) => void make(event)} noValidate>
      <label htmlFor="key-name">{t('apiKeys.name')}</label>
      <Input
        id="key-name"
        autoFocus
        maxLength={80}
        value={name}
        placeholder={t('apiKeys.namePlaceholder')}
        onChange={(event) => setName(event.target.value)}
        aria-invalid={nameless}
        {...(nameless && { status: 'error' as const, 'aria-describedby': 'key-name-fault' })}
      />
      {nameless && (
        <p id="key-name-fault" className="fact-bad" role="alert">
          {t('apiKeys.nameNeeded')}
        </p>
      )}
      <fieldset>
        <legend>{t('apiKeys.scopes')}</legend>
        {scopes.map((scope) => (
          <div key={scope}>
            <Checkbox
              checked={chosen.includes(scope)}
              onChange={({ target }) =>
                setChosen((now) =>
                  scopes.filter((one) => (one === scope ? target.checked : now.includes(one))),
                )
              }
              data-testid={`scope-${scope}`}
            >
              {t(`apiKeys.scope.${scope}`)} <span className="muted">{t(`apiKeys.scopeHint.${scope}`)}</span>
            </Checkbox>
          </div>
        ))}
        {useless && (
          <p className="fact-bad" role="alert">
            {t('apiKeys.scopesNeeded')}
          </p>
        )}
      </fieldset>
      <label htmlFor="key-days">{t('apiKeys.expires')}</label>
      <Select<number>
        id="key-days"
        value={days}
        onChange={setDays}
        options={lifetimes.map((value) => ({
          value,
          label: value ? t('apiKeys.days', { count: value }) : t('apiKeys.never'),
        }))}
      />
      {problem !== undefined && <Alert type="error" showIcon role="alert" title={problemText(problem)} />}
      <div className="row">
        <Button type="primary" htmlType="submit" loading={busy} data-testid="make-api-key">
          {t('apiKeys.make')}
        </Button>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
      </div>
    </form>
  )
}

function Made({ secret, onClose }: { secret: string; onClose: () => void }) {
  const { t } = useTranslation()
  const [copied, setCopied] = useState<boolean>()
  return (
    <div className="new-key">
      <Alert type="warning" showIcon title={t('apiKeys.once')} />
      <label htmlFor="key-secret">{t('apiKeys.secret')}</label>
      <Input.TextArea
        id="key-secret"
        className="key-secret"
        readOnly
        autoSize
        spellCheck={false}
        value={secret}
        onFocus={(event) => event.target.select()}
        data-testid="api-key-secret"
      />
      <div className="row">
        <Button
          type="primary"
          autoFocus
          onClick={() => void copyText(secret).then(setCopied)}
          data-testid="copy-api-key"
        >
          {t('apiKeys.copy')}
        </Button>
        <Button onClick={onClose} data-testid="kept-api-key">
          {t('apiKeys.done')}
        </Button>
        <span role="status">
          {copied !== undefined && t(copied ? 'apiKeys.copied' : 'apiKeys.copyFailed')}
        </span>
      </div>
    </div>
  )
}
