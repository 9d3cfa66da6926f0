import type { CheckResult, Finding } from '../generated/protocol'

/** What a script's approval is about. The wire says only "plain JSON", so each field is looked at before it is used. */
export interface ScriptParams {
  readonly content: string
  readonly title: string
  readonly findings: readonly Finding[]
  readonly checks: readonly CheckResult[]
  readonly score: number | undefined
  readonly roomId: string | undefined
  readonly roomName: string | undefined
  readonly productId: string | undefined
  readonly productName: string | undefined
  readonly seconds: number | undefined
  readonly assumed: readonly string[]
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
    productId: text('product_id'),
    productName: text('product_name'),
    seconds: number('seconds'),
    assumed: list<unknown>('assumed').filter((line): line is string => typeof line === 'string'),
  }
}
