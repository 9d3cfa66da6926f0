-- What the saver of a run writes, in one statement each: fence, values and index together, without a transaction of
-- several round trips around them. LangGraph makes its tables after the revisions have run, hence plpgsql.

CREATE FUNCTION save_checkpoint(
  p_run uuid, p_attempt int, p_ns text, p_checkpoint text, p_parent text, p_content jsonb, p_metadata jsonb,
  p_channels text[], p_versions text[], p_types text[], p_blobs bytea[],
  p_step int, p_nodes text[], p_next text[], p_trace text) RETURNS void
  LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM assert_fence(p_run, p_attempt);
  INSERT INTO checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
    SELECT p_run::text, p_ns, b.channel, b.version, b.type, b.blob
    FROM unnest(p_channels, p_versions, p_types, p_blobs) AS b (channel, version, type, blob)
    ON CONFLICT (thread_id, checkpoint_ns, channel, version) DO NOTHING;
  INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
    VALUES (p_run::text, p_ns, p_checkpoint, p_parent, p_content, p_metadata)
    ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id)
    DO UPDATE SET checkpoint = EXCLUDED.checkpoint, metadata = EXCLUDED.metadata;
  PERFORM system_index_checkpoint(p_run, p_checkpoint, p_step, p_nodes, p_next, p_trace);
END $$;

-- `p_again` overwrites what stands at the same place (questions, answers, errors); a node's results are kept as first
-- written. `p_status`: what the index is to say of the checkpoint; NULL says nothing new.
CREATE FUNCTION save_writes(
  p_run uuid, p_attempt int, p_ns text, p_checkpoint text, p_task text, p_path text, p_again boolean,
  p_places int[], p_channels text[], p_types text[], p_blobs bytea[], p_status text) RETURNS void
  LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  PERFORM assert_fence(p_run, p_attempt);
  INSERT INTO checkpoint_writes AS w
      (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob)
    SELECT p_run::text, p_ns, p_checkpoint, p_task, p_path, n.place, n.channel, n.type, n.blob
    FROM unnest(p_places, p_channels, p_types, p_blobs) AS n (place, channel, type, blob)
    ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
    DO UPDATE SET channel = EXCLUDED.channel, type = EXCLUDED.type, blob = EXCLUDED.blob WHERE p_again;
  IF p_status IS NOT NULL THEN
    PERFORM system_mark_checkpoint(p_run, p_checkpoint, p_status);
  END IF;
END $$;

DO $$ DECLARE f regprocedure; BEGIN
  FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
           AND p.proname IN ('save_checkpoint', 'save_writes')
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO cuedesk_app', f);
  END LOOP;
END $$;
