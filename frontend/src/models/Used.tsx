import { useTranslation } from 'react-i18next'
import { moment } from '../shared/format'
import type { Budget, Spending } from './api'

/** How much of the team's limits is used now. */
export function Used({ budget }: { budget: Budget }) {
  const { t, i18n } = useTranslation()
  const number = new Intl.NumberFormat(i18n.language)
  const { tokens_per_minute: tokens, calls_per_second: calls, cost_hard: hard, cost_soft: soft } = budget
  const counted = tokens !== null || calls !== null
  return (
    <div className="model-used">
      {counted && budget.tokens_last_minute === null && <p className="muted">{t('modelBudget.uncounted')}</p>}
      {tokens !== null && budget.tokens_last_minute !== null && (
        <Bar
          name={t('modelBudget.tokensNow')}
          used={budget.tokens_last_minute}
          most={tokens}
          words={t('modelBudget.of', {
            used: number.format(budget.tokens_last_minute),
            most: number.format(tokens),
          })}
        />
      )}
      {calls !== null && budget.calls_last_minute !== null && (
        <p>
          {t('modelBudget.callsNow', {
            used: number.format(budget.calls_last_minute),
            most: number.format(calls),
          })}
        </p>
      )}
      {budget.spending.length === 0 && <p className="muted">{t('modelBudget.nothingSpent')}</p>}
      {budget.spending.map((one) => (
        <Month key={one.currency} spent={one} soft={soft} hard={hard} />
      ))}
    </div>
  )
}

function Month({ spent, soft, hard }: { spent: Spending; soft: number | null; hard: number | null }) {
  const { t, i18n } = useTranslation()
  const shown = (amount: number, digits: number) =>
    new Intl.NumberFormat(i18n.language, {
      style: 'currency',
      currency: spent.currency,
      maximumFractionDigits: digits,
    }).format(amount)
  const money = (amount: number) => {
    const size = Math.abs(amount)
    return shown(amount, size === 0 || size >= 1 ? 2 : size < 0.001 ? 9 : 4)
  }
  // What somebody set is told as it was set.
  const limit = (amount: number) => shown(amount, 9)
  const number = new Intl.NumberFormat(i18n.language)
  const [cost, presumed, reserved] = [Number(spent.cost), Number(spent.presumed), Number(spent.reserved)]
  const more = [
    ...(presumed > 0 ? [t('modelBudget.presumed', { cost: money(presumed) })] : []),
    ...(reserved > 0 ? [t('modelBudget.reserved', { cost: money(reserved) })] : []),
    ...(soft !== null ? [t('modelBudget.softAt', { cost: limit(soft) })] : []),
    ...(spent.soft_told_at
      ? [t('modelBudget.softTold', { at: moment(spent.soft_told_at, i18n.language) })]
      : []),
    t('modelBudget.counted', {
      calls: number.format(spent.calls),
      input: number.format(spent.input_tokens),
      output: number.format(spent.output_tokens),
    }),
    t('modelBudget.until', { at: moment(spent.ends_at, i18n.language) }),
  ].join(' · ')
  const name = t('modelBudget.month', { currency: spent.currency })
  return hard === null ? (
    <p>
      {name} <strong>{money(cost)}</strong>
      <span className="muted model-more">{more}</span>
    </p>
  ) : (
    <Bar
      name={name}
      used={cost + reserved}
      most={hard}
      {...(soft === null ? {} : { soft })}
      words={t('modelBudget.of', { used: money(cost), most: limit(hard) })}
      more={more}
    />
  )
}

function Bar(bar: { name: string; used: number; most: number; soft?: number; words: string; more?: string }) {
  const { name, used, most, soft, words, more } = bar
  // A limit of nothing is always reached.
  const [value, whole] = most > 0 ? [Math.min(used, most), most] : [1, 1]
  return (
    <div>
      <div className="row spread">
        <span>{name}</span>
        <span className="number">{words}</span>
      </div>
      <meter
        className="model-bar"
        aria-label={name}
        aria-valuetext={words}
        value={value}
        max={whole}
        low={Math.min(soft ?? whole * 0.8, whole)}
        high={whole * 0.999}
        optimum={0}
      />
      {more && <span className="muted model-more">{more}</span>}
    </div>
  )
}
