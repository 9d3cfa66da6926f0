-- Prolong the leases of one worker; answers those it still holds, and whether they were prolonged. A row that some
-- transaction holds is passed over instead of waited for: one slow write must not cost the leases of all other runs.
CREATE FUNCTION system_prolong_leases(p_runs uuid[], p_attempts int[], p_lease interval)
  RETURNS TABLE (run_id uuid, prolonged boolean)
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH mine AS MATERIALIZED (
    SELECT r.id FROM runs r JOIN unnest(p_runs, p_attempts) AS held (id, attempt)
      ON r.id = held.id AND r.attempt = held.attempt WHERE r.status = 'running'
  ), free AS MATERIALIZED (
    SELECT r.id FROM runs r JOIN unnest(p_runs, p_attempts) AS held (id, attempt)
      ON r.id = held.id AND r.attempt = held.attempt WHERE r.status = 'running'
    FOR NO KEY UPDATE OF r SKIP LOCKED
  ), done AS (
    UPDATE runs r SET lease_expires_at = now() + p_lease FROM free WHERE r.id = free.id RETURNING r.id
  )
  SELECT mine.id, done.id IS NOT NULL FROM mine LEFT JOIN done ON done.id = mine.id $$;

-- Changes when the database is restored to an earlier point or another server takes over: the row by hand after a
-- restored dump, the system and its timeline by themselves. Cursors of another epoch are void.
CREATE FUNCTION system_epoch() RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT encode(substr(sha256(convert_to(concat_ws(' ', e.epoch, s.system_identifier,
    left(pg_walfile_name(pg_current_wal_lsn()), 8)), 'UTF8')), 1, 16), 'hex')
  FROM cluster_epoch e, pg_control_system() s $$;

REVOKE EXECUTE ON FUNCTION system_prolong_leases(uuid[], int[], interval), system_epoch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION system_prolong_leases(uuid[], int[], interval), system_epoch() TO cuedesk_app;
