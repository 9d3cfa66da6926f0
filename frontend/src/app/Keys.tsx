import '../i18n/addWork'
import '../i18n/addCommand'
import '../i18n/addExperiments'
import '../i18n/addKeys'
import '../i18n/addLive'
import '../i18n/addModels'
import '../i18n/addReplay'
import { Button, Modal, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { pageName } from '../command/pageName'
import { SINGLE_KEYS } from '../shared/keys'
import { remember } from '../shared/storage'

interface Props {
  /** Pages one may go to, by their letter after G. */
  pages: Readonly<Record<string, string>>
  onTour: () => void
  onClose: () => void
}

/** Every key the pages listen to. */
export default function Keys({ pages, onTour, onClose }: Props) {
  const { t } = useTranslation()
  const [single, setSingle] = useState(document.documentElement.dataset.keys !== 'off')
  const choose = (on: boolean) => {
    const kept = on ? '' : 'off'
    remember(SINGLE_KEYS, kept)
    document.documentElement.dataset.keys = kept
    setSingle(on)
  }
  const groups = [
    [
      t('keySheet.everywhere'),
      ['Ctrl K', t('commandBar.title')],
      ...Object.entries(pages).map(
        ([letter, page]) =>
          [`G ${letter.toUpperCase()}`, t('keySheet.go', { page: pageName(page, t) })] as const,
      ),
      ['Ctrl /', t('keySheet.focus')],
      ['M', t('keySheet.sounds')],
      ['?', t('keys.title')],
    ],
    [
      t('nav.console'),
      ['Enter', t('desk.send')],
      ['Shift Enter', t('keySheet.newline')],
      ['Esc', t('keySheet.escape')],
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
      ['1 – 9', t('keySheet.reason')],
      ['S', t('keySheet.later')],
      ['N · P', t('keySheet.marks')],
      ['F', t('keySheet.fix')],
      ['I', t('keySheet.evidence')],
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
    [
      t('replay.title'),
      ['Space', t('replay.play')],
      ['← · →', t('keySheet.moments')],
      ['Home · End', t('keySheet.ends')],
      ['1 · 2 · 3', t('replay.speed')],
    ],
  ] as const
  return (
    <Modal
      open
      onCancel={onClose}
      footer={<Button onClick={onTour}>{t('commandBar.tour')}</Button>}
      title={t('keys.title')}
      width={760}
      data-testid="keys"
    >
      <div className="single-keys">
        <span className="row">
          <Switch
            checked={single}
            onChange={choose}
            aria-labelledby="single-keys"
            aria-describedby="single-keys-hint"
            data-testid="single-keys"
          />
          <strong id="single-keys">{t('keySheet.single')}</strong>
        </span>
        <p className="muted" id="single-keys-hint">
          {t('keySheet.singleHint')}
        </p>
      </div>
      <div className="key-groups">
        {groups.map(([title, ...rows]) => (
          <section key={title}>
            <h2>{title}</h2>
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
      </div>
    </Modal>
  )
}
