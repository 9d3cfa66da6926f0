import type { CheckResult, Finding } from '../generated/protocol'

import type { Shapes } from '../shared/rest'
import { backFrom, calledFrom } from './takenBack'

/** What a script's approval is about. The wire says only "plain JSON", so each field is looked at before it is used. */
export interface ScriptParams {
  readonly content: string
  readonly title: string
  readonly findings: readonly Finding[]
  readonly checks: readonly CheckResult[]
  readonly score: number | undefined
  readonly roomId: string | undefined
  readonly roomName: string | undefined
  /** The show for whose rundown it is written: then an approval puts nothing on screen. */
  readonly show: string | undefined
  readonly productId: string | undefined
  readonly productName: string | undefined
  readonly hostId: string | undefined
  readonly hostName: string | undefined
  readonly scenario: string | undefined
  /** How many 字 are said aloud, and the host's pace in 字/分. */
  readonly spoken: number | undefined
  readonly pace: number | undefined
  /** The length asked for. */
  readonly seconds: number | undefined
  readonly assumed: readonly string[]
  /** Of the rules that made the findings. */
  readonly rulesVersion: string | undefined
  /** Why it waits again although it was approved, if it does. */
  readonly held: HeldAgain | undefined
  /** The expired question that this one is asked in the stead of. */
  readonly againOf: string | undefined
  /** The question whose rejection was taken back, and by whom: this one is asked in its stead. */
  readonly back: { readonly of: string; readonly name: string } | undefined
  /** The approval that was called back before it was on air, and by whom: this one is asked since. */
  readonly called: { readonly of: string; readonly name: string } | undefined
}

/** What was found right before publication and had not been when a person approved. */
export interface HeldAgain {
  readonly changed: readonly ('rules' | 'product')[]
  readonly findings: readonly Finding[]
  readonly approvedUnder: string | undefined
}

export function scriptParams(params: Readonly<Record<string, unknown>>): ScriptParams {
  const text = (name: string) => (typeof params[name] === 'string' ? (params[name] as string) : undefined)
  const number = (name: string) => (typeof params[name] === 'number' ? (params[name] as number) : undefined)
  const list = <T>(name: string) => (Array.isArray(params[name]) ? (params[name] as T[]) : [])
  return {
    content: text('content') ?? '',
    title: text('title') ?? '',
    findings: list<Finding>('findings'),
    checks: list<CheckResult>('checks'),
    score: number('score'),
    roomId: text('room_id'),
    roomName: text('room_name'),
    show: text('show'),
    productId: text('product_id'),
    productName: text('product_name'),
    hostId: text('host_id'),
    hostName: text('host_name'),
    scenario: scenarioOf(params.slots),
    spoken: number('spoken'),
    pace: number('pace'),
    seconds: number('seconds'),
    assumed: list<unknown>('assumed').filter((line): line is string => typeof line === 'string'),
    rulesVersion: text('rules_version'),
    held: heldAgain(params.held),
    againOf: text('again_of'),
    back: backFrom(params),
    called: calledFrom(params),
  }
}

/** The first form of it said only that it is so. */
function heldAgain(held: unknown): HeldAgain | undefined {
  if (held === true) return { changed: [], findings: [], approvedUnder: undefined }
  if (typeof held !== 'object' || held === null) return undefined
  const { changed, findings, approved_under } = held as Readonly<Record<string, unknown>>
  return {
    changed: Array.isArray(changed) ? changed.filter((one) => one === 'rules' || one === 'product') : [],
    findings: Array.isArray(findings) ? (findings as Finding[]) : [],
    approvedUnder: typeof approved_under === 'string' ? approved_under : undefined,
  }
}

function scenarioOf(slots: unknown): string | undefined {
  if (typeof slots !== 'object' || slots === null || !('scenario' in slots)) return undefined
  return typeof slots.scenario === 'string' ? slots.scenario : undefined
}

/** What the checks need to know to judge an edited text as they judged the draft. */
export function checkContext(script: ScriptParams): Omit<Shapes['Check'], 'content'> {
  const { seconds, productId, roomId, hostId, scenario } = script
  const asked = seconds !== undefined && seconds >= 5 && seconds <= 1800 ? Math.round(seconds) : undefined
  return { product_id: productId, room_id: roomId, host_id: hostId, scenario, seconds: asked }
}

/** The team's own revision in a version of the rules (2.douyin.1f0c…): what people know it by. */
export const revisionOf = (version: string): string => version.split('.', 1)[0] ?? ''
