-- The index of LangGraph's checkpoints ---------------------------------------------------------------------------

-- One row a checkpoint, written in the transaction that writes it. LangGraph's own tables know neither tenant nor
-- thread of ours: whoever wants a checkpoint finds it here first, under row-level security.
CREATE TABLE run_checkpoints (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  thread_id uuid NOT NULL REFERENCES threads ON DELETE CASCADE,
  version bigint NOT NULL,                        -- 1, 2, 3, … within the thread, over all its runs
  run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
  checkpoint_id text NOT NULL,                    -- LangGraph's, within the run's checkpoints
  step int NOT NULL,                              -- LangGraph's count of supersteps; -1 is the input
  nodes text[] NOT NULL,                          -- the nodes whose work this checkpoint added
  next text[] NOT NULL,                           -- the nodes that go on from here; none: the end
  status text NOT NULL CHECK (status IN ('running', 'waiting', 'failed', 'completed')),
  attempt int NOT NULL,
  trace_id text NOT NULL,
  graph_version text NOT NULL,
  after_seq bigint NOT NULL,                      -- everything the next nodes say comes after this event
  checksum bytea NOT NULL,                        -- checkpoint_digest() when it was written
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (thread_id, version),
  UNIQUE (run_id, checkpoint_id)
);
ALTER TABLE run_checkpoints ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON run_checkpoints USING (tenant_id = (SELECT current_tenant()))
  WITH CHECK (tenant_id = (SELECT current_tenant()));
GRANT SELECT, INSERT ON run_checkpoints TO cuedesk_app;

-- SHA-256 over a checkpoint and every value it points at, as they are stored now; NULL when it is gone.
-- plpgsql, because LangGraph makes its tables after the revisions have run.
CREATE FUNCTION checkpoint_digest(p_run uuid, p_checkpoint text) RETURNS bytea
  LANGUAGE plpgsql STABLE SET search_path = public SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN (
    SELECT sha256(convert_to(c.checkpoint::text, 'UTF8') || coalesce((
      SELECT string_agg(int4send(octet_length(b.blob)) || b.blob, '' ORDER BY b.channel)
      FROM jsonb_each_text(c.checkpoint -> 'channel_versions') AS used (channel, version)
      JOIN checkpoint_blobs b ON b.thread_id = p_run::text AND b.checkpoint_ns = ''
        AND b.channel = used.channel AND b.version = used.version), ''))
    FROM checkpoints c WHERE c.thread_id = p_run::text AND c.checkpoint_ns = '' AND c.checkpoint_id = p_checkpoint);
END $$;

-- Called by the saver after `assert_fence`, in the same transaction: the run's row is locked and only one run of a
-- thread is active, so nobody else counts versions of this thread meanwhile.
CREATE FUNCTION system_index_checkpoint(
  p_run uuid, p_checkpoint text, p_step int, p_nodes text[], p_next text[], p_trace text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  INSERT INTO run_checkpoints (tenant_id, thread_id, version, run_id, checkpoint_id, step, nodes, next, status,
                               attempt, trace_id, graph_version, after_seq, checksum)
  SELECT r.tenant_id, r.thread_id,
         1 + coalesce((SELECT max(c.version) FROM run_checkpoints c WHERE c.thread_id = r.thread_id), 0),
         r.id, p_checkpoint, p_step, p_nodes, p_next, CASE WHEN p_next = '{}' THEN 'completed' ELSE 'running' END,
         r.attempt, p_trace, r.graph_version, t.last_seq, checkpoint_digest(r.id, p_checkpoint)
  FROM runs r JOIN threads t ON t.id = r.thread_id WHERE r.id = p_run
  ON CONFLICT (run_id, checkpoint_id) DO UPDATE SET checksum = EXCLUDED.checksum $$;

CREATE FUNCTION system_mark_checkpoint(p_run uuid, p_checkpoint text, p_status text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE run_checkpoints SET status = p_status WHERE run_id = p_run AND checkpoint_id = p_checkpoint $$;

-- Whether a stored checkpoint is what was written; one that nobody indexed cannot be judged and passes.
CREATE FUNCTION system_checkpoint_intact(p_run uuid, p_checkpoint text) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT coalesce((SELECT c.checksum IS NOT DISTINCT FROM checkpoint_digest(p_run, p_checkpoint)
                   FROM run_checkpoints c WHERE c.run_id = p_run AND c.checkpoint_id = p_checkpoint), true) $$;

-- Requests that are known for good --------------------------------------------------------------------------------

-- `commands` is swept after some days; the run a request began knows its id as long as the run exists.
ALTER TABLE runs ADD COLUMN request_id uuid, ADD COLUMN request_hash bytea;
CREATE UNIQUE INDEX runs_of_request ON runs (thread_id, requested_by, request_id, graph_version)
  WHERE request_id IS NOT NULL;

-- Retention -------------------------------------------------------------------------------------------------------

ALTER TABLE tenants ADD COLUMN checkpoint_days int CHECK (checkpoint_days BETWEEN 1 AND 3650);  -- NULL: the setting
ALTER TABLE runs ADD COLUMN swept_at timestamptz;
CREATE INDEX runs_to_sweep ON runs (finished_at) WHERE swept_at IS NULL AND finished_at IS NOT NULL;
CREATE INDEX script_versions_of_run ON script_versions (run_id);
CREATE INDEX commands_by_age ON commands (created_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX socket_tickets_by_end ON socket_tickets (expires_at);

-- Remove checkpoints of up to `p_limit` runs that ended longer ago than their tenant keeps them. What stays: the
-- latest version of a thread, the ones people decided on, and those a published script came from. Unfinished runs
-- have no end and are never looked at.
CREATE FUNCTION system_sweep_checkpoints(p_default_days int, p_limit int) RETURNS TABLE (runs_swept int, removed int)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  due uuid[];
  touched uuid[];
BEGIN
  SELECT coalesce(array_agg(picked.id), '{}') INTO due FROM (
    SELECT r.id FROM runs r JOIN tenants t ON t.id = r.tenant_id
    WHERE r.swept_at IS NULL AND r.finished_at IS NOT NULL
      AND r.finished_at < now() - make_interval(days => coalesce(t.checkpoint_days, p_default_days))
    ORDER BY r.finished_at LIMIT p_limit FOR UPDATE OF r SKIP LOCKED) picked;
  -- An earlier run of the same thread may have been spared because it was the latest then.
  SELECT due || coalesce(array_agg(earlier.id), '{}') INTO touched FROM runs earlier
  WHERE earlier.swept_at IS NOT NULL AND earlier.thread_id IN (SELECT r.thread_id FROM runs r WHERE r.id = ANY (due))
    AND EXISTS (SELECT FROM run_checkpoints c WHERE c.run_id = earlier.id);
  -- Runs older than the index: what a decision or a script rests on cannot be told from the rest, so all of it stays.
  SELECT coalesce(array_agg(one.id), '{}') INTO touched FROM unnest(touched) AS one (id)
  WHERE EXISTS (SELECT FROM run_checkpoints c WHERE c.run_id = one.id)
     OR NOT EXISTS (SELECT FROM script_versions v WHERE v.run_id = one.id)
    AND NOT EXISTS (SELECT FROM interrupts i WHERE i.run_id = one.id
                        AND i.status IN ('approved', 'edited', 'rejected', 'responded'));

  DELETE FROM run_checkpoints c USING threads th
  WHERE c.run_id = ANY (touched) AND th.id = c.thread_id
    AND (th.deleted_at IS NOT NULL
         OR c.version < (SELECT max(l.version) FROM run_checkpoints l WHERE l.thread_id = c.thread_id))
    AND NOT (c.status = 'waiting'
             AND EXISTS (SELECT FROM interrupts i WHERE i.run_id = c.run_id
                         AND i.status IN ('approved', 'edited', 'rejected', 'responded')))
    AND NOT EXISTS (SELECT FROM script_versions v
                    WHERE v.run_id = c.run_id AND v.provenance ->> 'checkpoint_id' = c.checkpoint_id);
  DELETE FROM checkpoints c WHERE c.thread_id = ANY (touched::text[])
    AND NOT EXISTS (SELECT FROM run_checkpoints k WHERE k.run_id = c.thread_id::uuid
                    AND k.checkpoint_id = c.checkpoint_id AND c.checkpoint_ns = '');
  GET DIAGNOSTICS removed = ROW_COUNT;
  DELETE FROM checkpoint_writes w WHERE w.thread_id = ANY (touched::text[])
    AND NOT EXISTS (SELECT FROM checkpoints c WHERE c.thread_id = w.thread_id AND c.checkpoint_ns = w.checkpoint_ns
                    AND c.checkpoint_id = w.checkpoint_id);
  DELETE FROM checkpoint_blobs b WHERE b.thread_id = ANY (touched::text[])
    AND NOT EXISTS (SELECT FROM checkpoints c WHERE c.thread_id = b.thread_id AND c.checkpoint_ns = b.checkpoint_ns
                    AND c.checkpoint -> 'channel_versions' ->> b.channel = b.version);
  UPDATE runs SET swept_at = now() WHERE id = ANY (due);
  runs_swept := cardinality(due);
  RETURN NEXT;
END $$;

-- Each removes at most `p_limit` rows and answers how many.
CREATE FUNCTION system_sweep_commands(p_keep interval, p_limit int) RETURNS int
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH gone AS (
    DELETE FROM commands WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM commands WHERE created_at < now() - p_keep ORDER BY created_at LIMIT p_limit
      FOR UPDATE SKIP LOCKED))
    RETURNING 1)
  SELECT count(*)::int FROM gone $$;

CREATE FUNCTION system_sweep_tickets(p_keep interval, p_limit int) RETURNS int
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH gone AS (
    DELETE FROM socket_tickets WHERE token_hash = ANY (ARRAY(
      SELECT token_hash FROM socket_tickets WHERE expires_at < now() - p_keep ORDER BY expires_at LIMIT p_limit
      FOR UPDATE SKIP LOCKED))
    RETURNING 1)
  SELECT count(*)::int FROM gone $$;

CREATE FUNCTION system_sweep_sessions(p_keep interval, p_limit int) RETURNS int
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH gone AS (
    DELETE FROM sessions WHERE id = ANY (ARRAY(
      SELECT id FROM sessions WHERE expires_at < now() - p_keep ORDER BY expires_at LIMIT p_limit
      FOR UPDATE SKIP LOCKED))
    RETURNING 1)
  SELECT count(*)::int FROM gone $$;

CREATE FUNCTION system_sweep_job_log(p_keep interval, p_limit int) RETURNS int
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH gone AS (
    DELETE FROM pgqueuer_log WHERE id = ANY (ARRAY(
      SELECT id FROM pgqueuer_log WHERE created < now() - p_keep ORDER BY id LIMIT p_limit FOR UPDATE SKIP LOCKED))
    RETURNING 1)
  SELECT count(*)::int FROM gone $$;

DO $$ DECLARE f regprocedure; BEGIN
  FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
           AND p.proname IN ('system_index_checkpoint', 'system_mark_checkpoint', 'system_checkpoint_intact',
             'system_sweep_checkpoints', 'system_sweep_commands', 'system_sweep_tickets', 'system_sweep_sessions',
             'system_sweep_job_log')
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO cuedesk_app', f);
  END LOOP;
END $$;
