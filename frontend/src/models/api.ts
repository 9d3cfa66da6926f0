import { bodyOf, rest, type Shapes } from '../shared/rest'

export type Backend = Shapes['BackendView']
export type Route = Shapes['RouteView']
export type Call = Shapes['ModelCall']

/** Calls of one run that are read; a run makes a handful. */
export const MOST = 100

export const modelsApi = {
  health: () => bodyOf(rest.GET('/api/v1/models')),
  ofRun: (thread_id: string, run_id: string) =>
    bodyOf(
      rest.GET('/api/v1/threads/{thread_id}/model_calls', {
        params: { path: { thread_id }, query: { run_id, limit: MOST } },
      }),
    ),
}
