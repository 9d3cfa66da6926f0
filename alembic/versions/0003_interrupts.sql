-- What a tenant wants done with its interrupts. NULL: the server's setting.
ALTER TABLE tenants
  ADD COLUMN four_eyes boolean NOT NULL DEFAULT false,          -- who asked for a script may not approve or edit it
  ADD COLUMN auto_approve boolean NOT NULL DEFAULT false,       -- what the checks find nothing in needs no person
  ADD COLUMN undo_window interval NOT NULL DEFAULT '0',         -- how long an approved script is held before it is on air
  ADD COLUMN escalate_before interval,                          -- how long before the end it becomes urgent; 0: never
  ADD COLUMN extension_step interval,                           -- what one extension adds
  ADD COLUMN extension_limit interval;                          -- how long an interrupt may live, all extensions together

ALTER TABLE interrupts
  ADD COLUMN claimed_by uuid REFERENCES users,
  ADD COLUMN claimed_until timestamptz,
  ADD COLUMN claimed_version int,                               -- the version at which the present claim began
  ADD COLUMN escalated_at timestamptz,
  ADD COLUMN on_air_at timestamptz;                             -- an approved script that is held: when it goes on air

-- So long before its end an interrupt becomes urgent, but not in the first half of its life. NULL: never.
CREATE FUNCTION escalation_time(p_created timestamptz, p_expires timestamptz, p_before interval) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_before > interval '0' THEN p_expires - least(p_before, (p_expires - p_created) / 2) END $$;

-- What the clock asks for: each row is done by a compare-and-set of its own, so it may be named twice or too late.
CREATE FUNCTION system_interrupt_timers(p_escalate_before interval)
  RETURNS TABLE (tenant_id uuid, interrupt_id text, due text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT i.tenant_id, i.id, d.due
  FROM interrupts i JOIN tenants t ON t.id = i.tenant_id,
  LATERAL (SELECT CASE
    WHEN i.on_air_at IS NOT NULL THEN CASE WHEN i.on_air_at <= now() THEN 'on_air' END
    WHEN i.expires_at <= now() THEN 'expired'
    WHEN i.claimed_until <= now() THEN 'returned'
    WHEN i.escalated_at IS NULL AND now() >= escalation_time(
      i.created_at, i.expires_at, coalesce(t.escalate_before, p_escalate_before)) THEN 'escalated'
  END AS due) AS d
  WHERE i.status = 'pending' AND d.due IS NOT NULL
  ORDER BY least(i.on_air_at, i.expires_at) LIMIT 500 $$;

REVOKE EXECUTE ON FUNCTION system_interrupt_timers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION system_interrupt_timers TO cuedesk_app;
