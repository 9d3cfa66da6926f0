import '../i18n/addKeeping'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, InputNumber } from 'antd'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useProblemText } from '../shared/problems'
import { Unread } from '../shared/Unread'
import { settingsApi } from './api'
import { DAYS, isDays, type Period, type Periods, periods, shortens } from './keeping'

/** For how long the team's versions and memories are kept; for those who may change it. */
export function Keeping() {
  const { t } = useTranslation()
  const { modal, message } = App.useApp()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const read = useQuery({ queryKey: ['keeping'], queryFn: settingsApi.keeping, staleTime: 0 })
  // Only what was changed: what a colleague changes meanwhile is shown, and not taken back by saving something else.
  const [typed, setTyped] = useState<Partial<Periods>>({})
  const [problem, setProblem] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const known = read.data
  const saved = (name: Period) =>
    (name === 'checkpoint_days' ? known?.retention.checkpoint_days : known?.lifetimes[name]) ?? null
  const shown = (name: Period) => typed[name] ?? (name in typed ? null : saved(name))
  const changed = known ? periods.filter((name) => shown(name) !== saved(name)) : []
  const wrong = changed.filter((name) => !isDays(shown(name)))

  const send = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      if (changed.includes('checkpoint_days')) await settingsApi.keepVersions(shown('checkpoint_days'))
      const memories = changed.filter((name) => name !== 'checkpoint_days')
      if (memories.length > 0) {
        // As they are by now: all three are set at once.
        const { lifetimes } = await settingsApi.keeping()
        await settingsApi.keepMemories({
          ...lifetimes,
          ...Object.fromEntries(memories.map((name) => [name, shown(name)])),
        })
      }
      setTyped({})
      message.success(t('keeping.saved'))
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
    await cache.invalidateQueries({ queryKey: ['keeping'] })
  }
  const save = (event: FormEvent) => {
    event.preventDefault()
    if (!known || busy || changed.length === 0 || wrong.length > 0) return
    const gone = changed.filter((name) => shortens(name, known.retention, saved(name), shown(name)))
    if (gone.length === 0) return void send()
    modal.confirm({
      title: t('keeping.shorterTitle'),
      content: t('keeping.shorterHint', { names: gone.map((name) => t(`keeping.${name}`)).join(' · ') }),
      okText: t('keeping.shorten'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: send,
    })
  }
  return (
    <section className="settings-part" aria-labelledby="keeping-title" data-testid="keeping">
      <h2 id="keeping-title">{t('keeping.title')}</h2>
      <p className="muted">{t('keeping.hint')}</p>
      <Unread asked={read} />
      {read.isPending && <p className="skeleton">{t('common.loading')}</p>}
      {known && (
        <form onSubmit={save} noValidate>
          {periods.map((name) => {
            const id = `keep-${name}`
            const faulty = wrong.includes(name)
            return (
              <div key={name} className="policy">
                <label htmlFor={id}>{t(`keeping.${name}`)}</label>
                <span className="row">
                  <InputNumber<number>
                    id={id}
                    value={shown(name)}
                    placeholder={
                      name !== 'checkpoint_days'
                        ? t('keeping.forEver')
                        : known.retention.checkpoint_days === null
                          ? String(known.retention.in_force_days)
                          : t('keeping.servers')
                    }
                    onChange={(days) => setTyped((now) => ({ ...now, [name]: days }))}
                    aria-describedby={`${id}-about`}
                    aria-invalid={faulty}
                    style={{ width: 128 }}
                    {...(faulty && { status: 'error' as const })}
                  />
                  <span className="muted">{t('keeping.days')}</span>
                </span>
                <p
                  id={`${id}-about`}
                  className={faulty ? 'fact-bad' : 'muted'}
                  role={faulty ? 'alert' : undefined}
                >
                  {faulty ? t('keeping.bounds', DAYS) : t(`keeping.${name}_hint`)}
                </p>
              </div>
            )
          })}
          {problem !== undefined && <Alert type="error" showIcon role="alert" title={problemText(problem)} />}
          <div className="row">
            <Button
              type="primary"
              htmlType="submit"
              loading={busy}
              disabled={changed.length === 0 || wrong.length > 0}
              data-testid="save-keeping"
            >
              {t('common.save')}
            </Button>
            <Button disabled={changed.length === 0 || busy} onClick={() => setTyped({})}>
              {t('common.cancel')}
            </Button>
          </div>
        </form>
      )}
    </section>
  )
}
