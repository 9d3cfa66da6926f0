import { bodyOf, rest } from '../shared/rest'

const named = (key: string) => ({ header: { 'Idempotency-Key': key } })

/** What a conversation is asked beside its events. */
export const deskApi = {
  /** The versions that a run left, the newest first. */
  versions: async (thread_id: string, run_id: string) => {
    const query = { run_id, limit: 20 }
    const params = { path: { thread_id }, query }
    return (await bodyOf(rest.GET('/api/v1/threads/{thread_id}/checkpoints', { params }))).items
  },
  fork: (thread_id: string, version: number, key: string) =>
    bodyOf(
      rest.POST('/api/v1/threads/{thread_id}/checkpoints/{version}/fork', {
        params: { path: { thread_id, version }, ...named(key) },
        body: {},
      }),
    ),
  /** Let the run that failed go on from its last good version. */
  resume: (thread_id: string, key: string) =>
    bodyOf(
      rest.POST('/api/v1/threads/{thread_id}/checkpoints/resume', {
        params: { path: { thread_id }, ...named(key) },
      }),
    ),
  callsOf: (thread_id: string, run_id: string) =>
    bodyOf(
      rest.GET('/api/v1/threads/{thread_id}/model_calls', {
        params: { path: { thread_id }, query: { run_id, limit: 100 } },
      }),
    ),
  notes: (thread_id: string) =>
    bodyOf(rest.GET('/api/v1/threads/{thread_id}/notes', { params: { path: { thread_id } } })),
  forgetNotes: (thread_id: string) =>
    rest.DELETE('/api/v1/threads/{thread_id}/notes', { params: { path: { thread_id } } }),
  hosts: () =>
    bodyOf(rest.GET('/api/v1/hosts', { params: { query: { limit: 100 } } })).then(({ items }) => items),
}
