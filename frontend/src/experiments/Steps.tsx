import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Form, InputNumber, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useProblemText } from '../shared/problems'
import { type Experiment, experimentsApi } from './api'
import { refusalOf, sumOf } from './ways'

/** What can be done with an experiment as it is now; a refusal stands beside it. */
export function Steps({ experiment }: { experiment: Experiment }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>()
  const [open, setOpen] = useState<'weigh' | 'conclude'>()
  const { key, status, variants } = experiment
  const [chosen, setChosen] = useState<string | null>(null)
  const [weights, setWeights] = useState<Record<string, number>>({})
  const run = async (act: () => Promise<unknown>) => {
    setBusy(true)
    setProblem(undefined)
    try {
      await act()
      setOpen(undefined)
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
      // Also after a refusal: what is shown may be what somebody changed meanwhile.
      await cache.invalidateQueries({ queryKey: ['experiments'] })
    }
  }
  const show = (what: 'weigh' | 'conclude') => {
    setProblem(undefined)
    setChosen(null)
    setWeights(Object.fromEntries(variants.map((one) => [one.key, one.weight])))
    setOpen(what)
  }
  const refusal = refusalOf(problem)
  const told = problem !== undefined && (
    <Alert type="error" showIcon role="alert" title={refusal ? t(refusal) : problemText(problem)} />
  )
  const sum = sumOf(Object.values(weights))
  return (
    <div className="row">
      {(status === 'draft' || status === 'stopped') && (
        <Button
          size="small"
          loading={busy}
          onClick={() => void run(() => experimentsApi.start(experiment))}
          data-testid="start-experiment"
        >
          {t('experiment.start')}
        </Button>
      )}
      {status === 'running' && (
        <Button size="small" loading={busy} onClick={() => void run(() => experimentsApi.stop(experiment))}>
          {t('experiment.stop')}
        </Button>
      )}
      {status !== 'concluded' && (
        <Button size="small" onClick={() => show('weigh')}>
          {t('experiment.weigh')}
        </Button>
      )}
      {(status === 'running' || status === 'stopped') && (
        <Button size="small" onClick={() => show('conclude')}>
          {t('experiment.conclude')}
        </Button>
      )}
      {open === undefined && told}
      <Modal
        open={open === 'weigh'}
        title={`${t('experiment.weigh')} · ${key}`}
        okText={t('common.save')}
        cancelText={t('common.cancel')}
        okButtonProps={{ disabled: sum !== 100, loading: busy }}
        onOk={() => void run(() => experimentsApi.weigh(experiment, weights))}
        onCancel={() => setOpen(undefined)}
      >
        <Form layout="vertical">
          {variants.map((one) => (
            <Form.Item key={one.key} label={one.key}>
              <InputNumber
                min={0}
                max={100}
                precision={0}
                aria-label={t('experiment.weightOf', { name: one.key })}
                value={weights[one.key]}
                onChange={(weight) => setWeights({ ...weights, [one.key]: weight ?? 0 })}
              />
            </Form.Item>
          ))}
        </Form>
        {sum !== 100 && <p role="status">{t('experiment.weightsHint', { sum })}</p>}
        {told}
      </Modal>
      <Modal
        open={open === 'conclude'}
        title={`${t('experiment.conclude')} · ${key}`}
        okText={t('experiment.conclude')}
        cancelText={t('common.cancel')}
        okButtonProps={{ danger: true, loading: busy }}
        onOk={() => void run(() => experimentsApi.conclude(experiment, chosen))}
        onCancel={() => setOpen(undefined)}
      >
        <p className="form-note">{t('experiment.concludeHint')}</p>
        <Form layout="vertical">
          <Form.Item label={t('experiment.chosen')}>
            <Select<string>
              aria-label={t('experiment.chosen')}
              value={chosen ?? ''}
              onChange={(value) => setChosen(value || null)}
              options={[
                { value: '', label: t('experiment.chosenNone') },
                ...variants.map((one) => ({ value: one.key, label: one.key })),
              ]}
            />
          </Form.Item>
        </Form>
        {told}
      </Modal>
    </div>
  )
}
