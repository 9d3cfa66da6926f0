import { bodyOf, rest, type Shapes } from '../shared/rest'

export type Backend = Shapes['BackendView']
export type Route = Shapes['RouteView']
export type Call = Shapes['ModelCall']
export type Budget = Shapes['ModelBudget']
export type Spending = Shapes['Spending']
export type OwnModels = Shapes['OwnModelsView']
export type OwnFault = Shapes['OwnFaultView']

/** The policies that limit what models may be used. */
export const limits = [
  'model_tokens_per_minute',
  'model_calls_per_second',
  'model_cost_soft',
  'model_cost_hard',
] as const
export type Limit = (typeof limits)[number]

/** Calls of one run that are read; a run makes a handful. */
export const MOST = 100

/** By what calls are added up. */
export const groupings = ['day', 'month', 'node', 'backend', 'provider', 'model', 'status'] as const
export type Grouping = (typeof groupings)[number]
export type CallSum = Shapes['CallSum']

export const modelsApi = {
  sums: (by: Grouping, since: string) =>
    bodyOf(rest.GET('/api/v1/model_calls/sums', { params: { query: { by, since } } })),
  budget: () => bodyOf(rest.GET('/api/v1/tenant/model_budget')),
  limit: (body: Partial<Record<Limit, number | null>>) =>
    bodyOf(rest.PATCH('/api/v1/tenant/policies', { body })),
  own: () => bodyOf(rest.GET('/api/v1/models/own')),
  /** `models` is what somebody typed: what is wrong with it the server says. */
  saveOwn: (revision: number, models: unknown) =>
    bodyOf(
      rest.PUT('/api/v1/models/own', {
        body: { revision, models: models as Shapes['OwnModels-Input'] | null },
      }),
    ),
  health: () => bodyOf(rest.GET('/api/v1/models')),
  ofRun: (thread_id: string, run_id: string) =>
    bodyOf(
      rest.GET('/api/v1/threads/{thread_id}/model_calls', {
        params: { path: { thread_id }, query: { run_id, limit: MOST } },
      }),
    ),
  texts: (call_id: string) =>
    bodyOf(rest.GET('/api/v1/model_calls/{call_id}/texts', { params: { path: { call_id } } })),
}
