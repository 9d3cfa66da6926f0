-- What is on a room's stage: the text its displays read and how they move over it. `revision` counts the changes; 0 says
-- that there was none yet and the text is the one of `prompter_state`. A higher version there waits to be taken.
CREATE TABLE prompter_stages (
  room_id uuid PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  revision int NOT NULL DEFAULT 0,
  version int NOT NULL DEFAULT 0,
  script_id uuid,
  script_version int,
  title text NOT NULL DEFAULT '',
  content text NOT NULL DEFAULT '',
  pace int NOT NULL DEFAULT 240,                   -- 字/分
  playing boolean NOT NULL DEFAULT false,
  backwards boolean NOT NULL DEFAULT false,
  position double precision NOT NULL DEFAULT 0,    -- characters from the start, at the moment `at_ms`
  at_ms bigint NOT NULL DEFAULT 0,                 -- since 1970, by this database's clock; may lie ahead
  target_at_ms bigint,
  blank boolean NOT NULL DEFAULT false,
  note jsonb                                       -- {id, text, at_ms, until_ms}
);
ALTER TABLE prompter_stages ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON prompter_stages USING (tenant_id = (SELECT current_tenant()))
  WITH CHECK (tenant_id = (SELECT current_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON prompter_stages TO cuedesk_app;

-- As system_room_versions, with the stage; that one stays for the release before.
CREATE FUNCTION system_room_marks(p_rooms uuid[])
  RETURNS TABLE (room_id uuid, version int, acked_at timestamptz, revision int)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT r.id, s.version, s.acked_at, t.revision
  FROM rooms r LEFT JOIN prompter_state s ON s.room_id = r.id LEFT JOIN prompter_stages t ON t.room_id = r.id
  WHERE r.id = ANY (p_rooms) AND (s.room_id IS NOT NULL OR t.room_id IS NOT NULL) $$;
REVOKE EXECUTE ON FUNCTION system_room_marks(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION system_room_marks(uuid[]) TO cuedesk_app;
