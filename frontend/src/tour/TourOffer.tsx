import '../i18n/addTour'
import { CompassOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useOutletContext } from 'react-router'
import { useDesk } from '../shared/desk'
import { noteTourSeen, tourSeen } from './seen'

/** What the frame around the pages offers them. */
export interface FrameContext {
  readonly onTour: () => void
}

/** The offer of the tour to who is here for the first time; once taken or declined it does not come again. */
export default function TourOffer() {
  const { t } = useTranslation()
  const { me } = useDesk()
  const { onTour } = useOutletContext<FrameContext>()
  const [seen, setSeen] = useState(() => tourSeen(me.user.id))
  if (seen) return null
  const take = (starts: boolean) => {
    noteTourSeen(me.user.id)
    setSeen(true)
    if (starts) onTour()
  }
  return (
    <aside className="tour-offer row" aria-label={t('tour.title')} data-testid="tour-offer">
      <CompassOutlined />
      <span>{t('tour.offer')}</span>
      <Button size="small" type="primary" onClick={() => take(true)} data-testid="tour-start">
        {t('tour.start')}
      </Button>
      <Button size="small" type="text" onClick={() => take(false)} data-testid="tour-decline">
        {t('tour.decline')}
      </Button>
    </aside>
  )
}
