import '../i18n/addWork'
import '../i18n/addKeys'
import '../i18n/addLive'
import { Modal } from 'antd'
import { useTranslation } from 'react-i18next'

/** Every key the pages listen to. */
export default function Keys({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const groups = [
    [
      t('keySheet.everywhere'),
      ['G C · G A · G R · G N · G S · G P · G H · G M · G L · G E', t('keySheet.go')],
      ['Ctrl /', t('keySheet.focus')],
      ['M', t('keySheet.sounds')],
      ['?', t('keys.title')],
    ],
    [
      t('nav.console'),
      ['Enter', t('desk.send')],
      ['Shift Enter', t('keySheet.newline')],
      ['Esc', t('desk.stop')],
      ['↑', t('keySheet.editLast')],
      ['/ · @ · #', t('keySheet.pickers')],
    ],
    [
      t('nav.approvals'),
      ['J · K', t('keySheet.nextPrevious')],
      ['A', t('review.approve')],
      ['E', t('review.edit')],
      ['Ctrl Enter', t('review.submitEdit')],
      ['D', t('review.diff')],
      ['X', t('review.reject')],
      ['Esc', t('review.back')],
      ['C', t('keySheet.claim')],
      ['Z', t('keySheet.undo')],
      ['Space · Shift A', t('keySheet.together')],
    ],
    [
      t('nav.live'),
      ['Space', t('live.keys.play')],
      ['↑ · ↓', t('live.keys.pace')],
      ['[ · ]', t('live.keys.section')],
      ['N', t('live.keys.cueNext')],
      ['I · Shift I', t('live.keys.take')],
      ['B', t('live.keys.blank')],
      ['T', t('live.keys.note')],
    ],
  ] as const
  return (
    <Modal open onCancel={onClose} footer={null} title={t('keys.title')}>
      {groups.map(([title, ...rows]) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl className="keys">
            {rows.map(([key, meaning]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Modal>
  )
}
