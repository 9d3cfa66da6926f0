import '../i18n/addInMind'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDesk } from '../shared/desk'
import { moment } from '../shared/format'
import { useNotices } from '../shared/notices'
import { useProblemText } from '../shared/problems'
import { Unread } from '../shared/Unread'
import { deskApi } from './api'
import { wishesOf } from './wishes'

const ConfirmDelete = lazy(() => import('../shared/ConfirmDelete'))

/**
 * What of a long conversation is kept in mind beside its last messages: what holds for every text, and a summary. Read
 * when it is unfolded, and again when the conversation has gone on (`said`: its messages, and the runs that rest).
 */
export default function InMind({ threadId, said }: { threadId: string; said: number }) {
  const { t, i18n } = useTranslation()
  const { may } = useDesk()
  const notices = useNotices()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const [open, setOpen] = useState(false)
  const [asking, setAsking] = useState(false)
  const read = useQuery({
    queryKey: ['notes', threadId, said],
    queryFn: () => deskApi.notes(threadId),
    enabled: open,
    staleTime: 0,
    // Until the new answer is there the one before stands, but never another conversation's.
    placeholderData: (previous, query) => (query?.queryKey[1] === threadId ? previous : undefined),
  })
  const notes = read.data
  const wishes = notes ? wishesOf(notes.wishes) : []
  const empty = notes && wishes.length === 0 && !notes.summary
  const forget = async () => {
    try {
      await deskApi.forgetNotes(threadId)
      notices.info(t('inMind.forgotten'))
    } catch (error) {
      notices.error(problemText(error))
    }
    await cache.invalidateQueries({ queryKey: ['notes', threadId] })
  }
  return (
    <section aria-label={t('inMind.title')} data-testid="in-mind">
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          <h2>{t('inMind.title')}</h2>
        </summary>
        <Unread asked={read} />
        {open && read.isPending && <p className="skeleton">{t('common.loading')}</p>}
        {empty && <p className="muted">{t('inMind.nothing')}</p>}
        {wishes.length > 0 && (
          <dl>
            {wishes.map(([name, words]) => (
              <div key={name}>
                <dt className="muted">{t(`inMind.${name}`)}</dt>
                <dd>
                  {name === 'seconds' ? t('inMind.so', { count: Number(words[0]) }) : words.join(' · ')}
                </dd>
              </div>
            ))}
          </dl>
        )}
        {notes?.summary && (
          <>
            <p className="in-mind-summary">{notes.summary}</p>
            <p className="muted">
              {t('inMind.of', { count: notes.messages })}
              {notes.updated_at && ` · ${moment(notes.updated_at, i18n.language)}`}
            </p>
          </>
        )}
        {notes && !empty && may('thread.write') && (
          <Button size="small" onClick={() => setAsking(true)}>
            {t('inMind.forget')}
          </Button>
        )}
      </details>
      {asking && (
        <Suspense fallback={null}>
          <ConfirmDelete
            title={t('inMind.forgetTitle')}
            hint={t('inMind.forgetHint')}
            okText={t('inMind.forget')}
            onDelete={forget}
            onClose={() => setAsking(false)}
          />
        </Suspense>
      )}
    </section>
  )
}
