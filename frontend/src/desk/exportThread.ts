import '../i18n/addAgain'
import '../i18n/addDeskMore'
import i18next from 'i18next'
import type { InterruptView, ThreadSnapshot } from '../generated/protocol'
import { api } from '../shared/api'
import { saveText } from '../shared/clipboard'
import { fileName, transcript } from './transcript'

/** Give the reader a conversation as a Markdown file, as it is now. */
export async function exportThread(threadId: string): Promise<void> {
  const thread: ThreadSnapshot = await api.snapshot(threadId)
  const { t, language } = i18next
  const text = transcript(thread, {
    untitled: t('desk.untitled'),
    writer: t('desk.writer'),
    outcome: (status, name) => {
      const outcome = t(`interruptStatus.${status as InterruptView['status']}`)
      return name ? t('deskMore.outcomeBy', { outcome, name }) : outcome
    },
    takenBack: (name, title) => t('takenBack.line', { name, title }),
    final: (title, version) => t('deskMore.exported', { title, version }),
    time: (iso) => new Date(iso).toLocaleString(language, { dateStyle: 'short', timeStyle: 'short' }),
  })
  saveText(fileName(thread.title || t('desk.untitled'), 'md'), text, 'text/markdown')
}
