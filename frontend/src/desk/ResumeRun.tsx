import '../i18n/addDeskMore'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../generated/protocol'
import { useCommandKeys } from '../shared/commands'
import { useNotices } from '../shared/notices'
import { useProblemText } from '../shared/problems'
import { deskApi } from './api'

/** Lets a run that failed go on from where it was; what was finished is not done again. */
export default function ResumeRun({ threadId, run }: { threadId: string; run: RunView }) {
  const { t } = useTranslation()
  const notices = useNotices()
  const problemText = useProblemText()
  const [busy, setBusy] = useState(false)
  // Clicked twice, one failure is gone on from once; the next failure of the run is another.
  const keyFor = useCommandKeys()
  const resume = async () => {
    setBusy(true)
    try {
      await deskApi.resume(threadId, keyFor(run))
    } catch (error) {
      notices.error(problemText(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button size="small" loading={busy} onClick={() => void resume()} data-testid="resume-run">
      {t('deskMore.resume')}
    </Button>
  )
}
