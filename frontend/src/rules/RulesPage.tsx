import '../i18n/addRules'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Select, Tabs } from 'antd'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDesk } from '../shared/desk'
import { moment } from '../shared/format'
import { useProblemText } from '../shared/problems'
import { type Platform, rulesApi } from './api'
import { Effective } from './Effective'
import { OwnRules } from './OwnRules'
import { Phrases } from './Phrases'
import { SaveBar } from './SaveBar'
import { useDraft } from './useDraft'

const History = lazy(() => import('./History'))

const platforms = ['douyin', 'taobao', 'kuaishou', 'shipinhao'] as const

/** The rules that hold, what the team lays over them, and the history of that. */
export default function RulesPage() {
  const { t } = useTranslation()
  const { may } = useDesk()
  useEffect(() => {
    document.title = `${t('nav.rules')} · Cuedesk`
  }, [t])
  return (
    <App component={false}>
      {may('rules.read') ? (
        <Rules />
      ) : (
        <main className="page">
          <h1>{t('nav.rules')}</h1>
          <Alert type="warning" showIcon title={t('rules.forbidden')} data-testid="forbidden" />
        </main>
      )}
    </App>
  )
}

function Rules() {
  const { t, i18n } = useTranslation()
  const { may } = useDesk()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const writes = may('rules.write')
  const rules = useQuery({ queryKey: ['rules'], queryFn: rulesApi.rules, staleTime: 0 })
  const draft = useDraft()
  const [tab, setTab] = useState('effective')
  const { saved } = draft

  const choosePlatform = async (platform: Platform | null) => {
    try {
      await rulesApi.choosePlatform(platform)
    } catch (error) {
      message.error(problemText(error))
    }
    await cache.invalidateQueries({ queryKey: ['rules'] })
  }
  const problem = rules.error ?? draft.problem
  const editing = { draft: draft.overlay, change: draft.change, writes, known: rules.data?.items ?? [] }
  return (
    <main className="page">
      <div className="row spread">
        <h1>{t('nav.rules')}</h1>
        <div className="row page-tools">
          <Select<Platform | ''>
            aria-label={t('rules.platform')}
            disabled={!writes || !rules.data}
            value={rules.data?.platform ?? ''}
            onChange={(platform) => void choosePlatform(platform || null)}
            style={{ width: 150 }}
            options={[
              { value: '', label: t('rules.noPlatform') },
              ...platforms.map((value) => ({ value, label: t(`rules.platforms.${value}`) })),
            ]}
          />
        </div>
      </div>
      {/* Whoever asks exactly which rules held finds the version by pointing at it. */}
      <p
        className="muted"
        data-testid="rules-version"
        title={rules.data && `${t('rules.version')} ${rules.data.version}`}
      >
        {saved &&
          (saved.created_at
            ? `${t('rules.revision', { revision: saved.revision })} · ${t('rules.savedBy', {
                name: saved.author ?? t('rules.somebody'),
                at: moment(saved.created_at, i18n.language),
              })}`
            : t('rules.never'))}
      </p>
      {!writes && <p className="muted">{t('rules.readOnly')}</p>}
      {problem && (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={problemText(problem)}
          action={
            <Button
              onClick={() => {
                void rules.refetch()
                draft.reload()
              }}
            >
              {t('common.retry')}
            </Button>
          }
        />
      )}
      {writes && saved && draft.dirty && <SaveBar draft={draft} />}
      <Tabs
        className="rule-tabs"
        activeKey={tab}
        onChange={setTab}
        items={[
          {
            key: 'effective',
            label: t('rules.tabs.effective'),
            children: <Effective {...editing} loading={rules.isPending} read={rules.isSuccess} />,
          },
          { key: 'own', label: t('rules.tabs.own'), children: saved && <OwnRules {...editing} /> },
          { key: 'phrases', label: t('rules.tabs.phrases'), children: saved && <Phrases {...editing} /> },
          {
            key: 'history',
            label: t('rules.tabs.history'),
            children: tab === 'history' && (
              <Suspense fallback={<p className="skeleton">{t('common.loading')}</p>}>
                <History writes={writes} latest={saved?.revision ?? 0} onRestored={draft.accept} />
              </Suspense>
            ),
          },
        ]}
      />
    </main>
  )
}
