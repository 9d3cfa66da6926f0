import type { TFunction } from 'i18next'
import { tellsTakenBack, titleTold } from '../desk/timeline'
import type { AnyThreadEvent, InterruptResolved } from '../generated/protocol'
import { scriptParams } from '../review/params'
import { clockTime, duration } from '../shared/format'
import { listed } from '../shared/listed'
import type { Checkpoint } from './api'
import type { Moment } from './moments'

const EXCERPT = 40

/** What is said of a thing that happened, in one sentence each. */
export interface Words {
  readonly moment: (moment: Moment) => string
  /** The step that a state stands behind, or before. */
  readonly step: (checkpoint: Checkpoint) => string
  /** A time of day, with seconds. */
  readonly time: (at: number | string) => string
}

export function wordsIn(
  t: TFunction,
  exists: (key: string) => boolean,
  language: string,
  problemText: (problem: unknown) => string,
): Words {
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium', hour12: false })
  const time = (at: number | string) => clock.format(new Date(at))
  const node = (name: string) => (exists(`node.${name}`) ? t(`node.${name}` as 'node.script') : name)
  const step = ({ nodes, next }: Checkpoint) => {
    if (nodes.length > 0) return listed(nodes.map(node), language)
    return next.includes('__start__') || next.length > 0 ? t('replay.start') : t('replay.end')
  }
  const event = (fact: AnyThreadEvent): string => {
    switch (fact.type) {
      case 'message_started':
        return t('moment.begins', { node: node(fact.agent) })
      case 'message_complete': {
        if (fact.status === 'failed') return t('moment.broken')
        if (fact.status === 'cancelled') return t('moment.stopped')
        const text = excerpt(fact.content)
        if (tellsTakenBack(fact))
          return t('takenBack.line', { name: fact.author?.name ?? '', title: titleTold(fact.content) })
        if (fact.role === 'user')
          return t('moment.said', { name: fact.author?.name ?? t('moment.somebody'), text })
        return fact.agent === 'script'
          ? t('moment.written', { count: Array.from(fact.content).length, text })
          : t('moment.answered', { text })
      }
      case 'node':
        return fact.status === 'started'
          ? t('moment.stepBegins', { node: node(fact.node) })
          : t('moment.stepEnds', { node: node(fact.node), time: duration(fact.elapsed_ms ?? 0) })
      case 'clarification':
        return t('moment.asked', { text: excerpt(fact.message) })
      case 'quality_feedback': {
        const { score, verdict, findings } = fact
        return t('moment.quality', { score, verdict: t(`verdict.${verdict}`), count: findings.length })
      }
      case 'run':
        return fact.status === 'failed'
          ? t('moment.runFailed', { reason: problemText(fact.error ?? { code: 'internal_error' }) })
          : t('moment.run', { status: t(`runStatus.${fact.status}`) })
      case 'interrupt':
        return t(fact.on_air_at ? 'moment.held' : 'moment.raised', {
          title: scriptParams(fact.params).title || fact.action,
        })
      case 'interrupt_updated':
        if (fact.escalated_at) return t('moment.escalated')
        return fact.claimed_by
          ? t('moment.claimed', { name: fact.claimed_by.name })
          : t('moment.released', { time: time(fact.expires_at) })
      case 'interrupt_resolved':
        return decided(fact)
      case 'interrupt_expired':
        return t('moment.expired')
      case 'tool_call':
        return t('moment.toolCall', { tool: fact.tool })
      case 'tool_result':
        return t('error' in fact.result ? 'moment.toolFailed' : 'moment.toolResult', { tool: fact.tool })
      case 'script_finalized':
        return t('moment.finalized', { title: fact.title, version: fact.version })
      case 'thread_updated':
        return t('moment.renamed', { title: fact.title })
      case 'show':
      case 'show_plan':
      case 'show_item':
        return t('moment.show')
      default: {
        const unknown: never = fact
        return (unknown as { type: string }).type
      }
    }
  }
  const decided = ({ decision, by, policy, feedback }: InterruptResolved): string => {
    if (policy === 'auto_approve') return t('moment.auto')
    const who = { name: by?.name ?? t('moment.system'), decision: t(`interruptStatus.${decision}`) }
    return feedback ? t('moment.decidedWhy', { ...who, why: excerpt(feedback) }) : t('moment.decided', who)
  }
  const moment = (one: Moment): string => {
    switch (one.source) {
      case 'event':
        return event(one.event)
      case 'checkpoint': {
        const { version, intact, status } = one.checkpoint
        if (!intact) return t('moment.damaged', { version })
        if (status === 'failed') return t('moment.failedVersion', { version })
        return t('moment.version', { version, step: step(one.checkpoint) })
      }
      case 'airing': {
        const { title, script_version, room_name } = one.airing
        return t(`moment.${one.phase}`, { title, version: script_version, room: room_name })
      }
    }
  }
  return { moment, step, time }
}

/** The beginning of a text, in one line. */
function excerpt(text: string): string {
  const points = Array.from(text.replace(/\s+/gu, ' ').trim())
  return points.length > EXCERPT ? `${points.slice(0, EXCERPT).join('')}…` : points.join('')
}

/** How long a wait was, for people. */
export const span = (ms: number): string => (ms < 60_000 ? duration(ms) : clockTime(ms / 1000))
