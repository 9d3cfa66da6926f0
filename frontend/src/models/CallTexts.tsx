import { useQuery } from '@tanstack/react-query'
import { Alert } from 'antd'
import { useTranslation } from 'react-i18next'
import { useProblemText } from '../shared/problems'
import { modelsApi } from './api'

/** What was said in a call, as far as it is kept. */
export function CallTexts({ callId }: { callId: string }) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const told = useQuery({
    queryKey: ['models', 'texts', callId],
    queryFn: () => modelsApi.texts(callId),
    // Each reading is told to the audit: one look is one reading.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  })
  if (told.isError) return <Alert type="error" showIcon title={problemText(told.error)} />
  if (!told.data) return <p className="skeleton">{t('common.loading')}</p>
  const said = [...told.data.turns, { role: 'answer' as const, content: told.data.answer }]
  return (
    <>
      <p className="muted">{t('models.textsExplain')}</p>
      {said.map(({ role, content }, place) => (
        // Nothing is ever added to or taken from these.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <section key={place}>
          <h2>{t(`modelRole.${role}`)}</h2>
          <p style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{content || '–'}</p>
        </section>
      ))}
    </>
  )
}
