-- Whoever ends a run lets the next of its thread begin, but passes over one that somebody is just about to cancel. If
-- that somebody dies, nobody is left who would let it begin: the sweep does.
CREATE INDEX runs_enqueued ON runs (updated_at) WHERE status = 'enqueued';

-- Runs whose worker is gone, queued ones whose job got lost, and those whose turn came without anybody saying so.
CREATE OR REPLACE FUNCTION system_stranded_runs(p_queued_for interval) RETURNS TABLE (tenant_id uuid, run_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  (SELECT r.tenant_id, r.id FROM runs r
   WHERE (r.status = 'running' AND r.lease_expires_at < now())
      OR (r.status = 'queued' AND r.updated_at < now() - p_queued_for)
   LIMIT 500)
  UNION ALL
  (SELECT r.tenant_id, r.id FROM runs r
   WHERE r.status = 'enqueued' AND r.updated_at < now() - p_queued_for
     AND NOT EXISTS (SELECT FROM runs active WHERE active.thread_id = r.thread_id
                       AND active.status IN ('queued', 'running', 'waiting'))
   LIMIT 500) $$;
