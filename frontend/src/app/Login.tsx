import { Alert, Button, Form, Input, Select } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { useProblemText } from '../shared/problems'
import { RestProblem, type Shapes } from '../shared/rest'
import Preferences from './Preferences'

type Me = Shapes['Me']

interface Values {
  email: string
  password: string
  tenant?: string
}

export default function Login({ onDone }: { onDone: (me: Me) => void }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [tenants, setTenants] = useState<{ slug: string; name: string }[]>([])
  useEffect(() => {
    document.title = `${t('login.title')} · Cuedesk`
  }, [t])

  const submit = async (values: Values) => {
    setBusy(true)
    setProblem(undefined)
    try {
      onDone(await api.login(values))
    } catch (error) {
      if (error instanceof RestProblem && error.code === 'tenant_choice') {
        setTenants((error.details.tenants ?? []) as typeof tenants)
      }
      setProblem(problemText(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <main className="login">
      <div className="login-box">
        <div className="brand">
          <img src="/icon.svg" alt="" width={40} height={40} />
          <div>
            <h1>{t('app.name')}</h1>
            <p className="muted">{t('app.tagline')}</p>
          </div>
        </div>
        <Form<Values>
          layout="vertical"
          size="large"
          onFinish={(values) => void submit(values)}
          requiredMark={false}
        >
          {problem && <Alert type="error" showIcon title={problem} role="alert" />}
          <Form.Item
            name="email"
            label={t('login.email')}
            rules={[{ required: true, whitespace: true, message: t('common.required') }]}
          >
            <Input autoComplete="username" inputMode="email" maxLength={254} autoFocus />
          </Form.Item>
          <Form.Item
            name="password"
            label={t('login.password')}
            rules={[{ required: true, message: t('common.required') }]}
          >
            <Input.Password autoComplete="current-password" maxLength={256} />
          </Form.Item>
          {tenants.length > 0 && (
            <Form.Item
              name="tenant"
              label={t('login.tenant')}
              rules={[{ required: true, message: t('common.required') }]}
            >
              <Select options={tenants.map(({ slug, name }) => ({ value: slug, label: name }))} />
            </Form.Item>
          )}
          <Button type="primary" htmlType="submit" block loading={busy}>
            {t('login.submit')}
          </Button>
        </Form>
        <Preferences />
      </div>
    </main>
  )
}
