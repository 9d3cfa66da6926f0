import { bodyOf, everyPage, rest, type Shapes } from '../shared/rest'

export type Experiment = Shapes['Experiment']
export type Result = Shapes['VariantResult']

const at = (experiment_id: string) => ({ path: { experiment_id } })

export const experimentsApi = {
  list: () =>
    everyPage((cursor) =>
      bodyOf(rest.GET('/api/v1/experiments', { params: { query: { cursor, limit: 100 } } })),
    ),
  results: (id: string) =>
    bodyOf(rest.GET('/api/v1/experiments/{experiment_id}/results', { params: at(id) })),
  create: (body: Shapes['NewExperiment'], key: string) =>
    bodyOf(rest.POST('/api/v1/experiments', { body, params: { header: { 'Idempotency-Key': key } } })),
  weigh: ({ id, version }: Experiment, weights: Record<string, number>) =>
    bodyOf(rest.PATCH('/api/v1/experiments/{experiment_id}', { params: at(id), body: { version, weights } })),
  start: ({ id, version }: Experiment) =>
    bodyOf(rest.POST('/api/v1/experiments/{experiment_id}/start', { params: at(id), body: { version } })),
  stop: ({ id, version }: Experiment) =>
    bodyOf(rest.POST('/api/v1/experiments/{experiment_id}/stop', { params: at(id), body: { version } })),
  conclude: ({ id, version }: Experiment, chosen: string | null) =>
    bodyOf(
      rest.POST('/api/v1/experiments/{experiment_id}/conclude', {
        params: at(id),
        body: { version, chosen },
      }),
    ),
}
