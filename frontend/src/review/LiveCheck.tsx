import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { QualityCard } from './QualityCard'

const PAUSE_MS = 600

/** What the checks would say of the text as edited, asked for when the typing pauses. */
export function LiveCheck(props: { content: string; productId?: string; seconds?: number }) {
  const { content, productId, seconds } = props
  const { t } = useTranslation()
  const [settled, setSettled] = useState(content)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(content), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [content])
  const check = useQuery({
    queryKey: ['check', settled, productId, seconds],
    queryFn: ({ signal }) => api.check({ content: settled, product_id: productId, seconds }, signal),
    enabled: settled.trim() !== '',
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (previous) => previous,
    retry: false,
  })
  if (check.error) return <p className="muted">{t('quality.uncheckable')}</p>
  return check.data ? <QualityCard quality={check.data} retrying={false} /> : null
}
