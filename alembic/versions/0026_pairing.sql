-- What a director shows so that a device may join a room: a code to type (its keyed hash: six digits are found from a
-- plain one at once) and the secret of a link. Either is good once. Every wrong code that anybody types counts against
-- each code that is open, since nobody can tell which one was meant: after a few of them it is void, however many
-- addresses the wrong ones come from.
CREATE TABLE pairing_codes (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('display', 'remote')),
  code_hash bytea NOT NULL UNIQUE,
  secret_hash bytea NOT NULL UNIQUE,
  created_by uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  wrong int NOT NULL DEFAULT 0,
  device_id uuid                                   -- who used it
);
CREATE INDEX pairing_codes_in_time ON pairing_codes (expires_at);

-- A device that was paired: it sees this one room. It outlives the code, as long as it is used, and no longer than the
-- place in the team of whoever paired it.
CREATE TABLE room_devices (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('display', 'remote')),
  name text NOT NULL,
  token_hash bytea NOT NULL UNIQUE,
  paired_by uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX room_devices_of_room ON room_devices (room_id);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['pairing_codes', 'room_devices'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_tenant ON %I USING (tenant_id = (SELECT current_tenant()))
                    WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
-- Devices come into being through `auth_pair_device` alone; what proves one is nobody's to read.
GRANT SELECT, INSERT, DELETE ON pairing_codes TO cuedesk_app;
GRANT SELECT (id, tenant_id, room_id, role, name, paired_by, created_at, seen_at, expires_at, revoked_at),
  UPDATE (revoked_at) ON room_devices TO cuedesk_app;

CREATE TRIGGER room_devices_tell_standing AFTER UPDATE OF revoked_at ON room_devices
  FOR EACH ROW WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at) EXECUTE FUNCTION tell_standing('id');
CREATE TRIGGER room_devices_tell_gone AFTER DELETE ON room_devices
  FOR EACH ROW EXECUTE FUNCTION tell_standing('id');

-- Make a device of whoever names an open code or the secret of its link, use that up, and answer the device; nothing
-- when there is none. Unknown, used, over and void look the same and take the same way.
CREATE FUNCTION auth_pair_device(p_code bytea, p_secret bytea, p_token bytea, p_name text, p_address text,
    p_unused interval, p_most_wrong int)
  RETURNS TABLE (device_id uuid, tenant_id uuid)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
#variable_conflict use_column
DECLARE found pairing_codes; device uuid := uuidv7();
BEGIN
  IF p_code IS NOT NULL THEN
    -- One try at a time, so that many at once have no more of them than many one after the other.
    PERFORM FROM pairing_codes WHERE device_id IS NULL AND expires_at > clock_timestamp() AND wrong < p_most_wrong
      ORDER BY id FOR UPDATE;
  END IF;
  UPDATE pairing_codes c SET device_id = device
    WHERE (c.code_hash = p_code AND c.wrong < p_most_wrong OR c.secret_hash = p_secret)
      AND c.device_id IS NULL AND c.expires_at > clock_timestamp()
      AND EXISTS (SELECT FROM memberships m JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL
                  WHERE m.user_id = c.created_by AND m.tenant_id = c.tenant_id)
    RETURNING c.* INTO found;
  IF found.id IS NULL THEN
    UPDATE pairing_codes SET wrong = wrong + 1
      WHERE p_code IS NOT NULL AND device_id IS NULL AND expires_at > clock_timestamp() AND wrong < p_most_wrong;
    RETURN;
  END IF;
  INSERT INTO room_devices (id, tenant_id, room_id, role, name, token_hash, paired_by, expires_at)
    VALUES (device, found.tenant_id, found.room_id, found.role, p_name, p_token, found.created_by,
      clock_timestamp() + p_unused);
  INSERT INTO audit_log (tenant_id, actor, action, subject, detail)
    VALUES (found.tenant_id, found.created_by, 'device.paired', device::text, jsonb_build_object(
      'room', found.room_id, 'role', found.role, 'name', p_name, 'address', p_address,
      'by', CASE WHEN p_code IS NULL THEN 'link' ELSE 'code' END));
  RETURN QUERY SELECT device, found.tenant_id;
END $$;

-- The device that holds this token, if it still may be there; from now on it has the whole time again.
CREATE FUNCTION auth_device(p_token bytea, p_unused interval) RETURNS TABLE
  (device_id uuid, name text, role text, room_id uuid, room_name text, paired_by uuid, tenant_id uuid, tenant_name text,
   expires_at timestamptz)
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE room_devices d SET seen_at = clock_timestamp(), expires_at = clock_timestamp() + p_unused
  FROM rooms r, tenants t, memberships m, users u
  WHERE d.token_hash = p_token AND d.revoked_at IS NULL AND d.expires_at > clock_timestamp() AND r.id = d.room_id
    AND t.id = d.tenant_id AND m.user_id = d.paired_by AND m.tenant_id = d.tenant_id
    AND u.id = m.user_id AND u.disabled_at IS NULL
  RETURNING d.id, d.name, d.role, d.room_id, r.name, d.paired_by, d.tenant_id, t.name, d.expires_at $$;

-- Of these devices, which have open sockets, those that may still be there, and until when if nothing more is heard of
-- them. With `p_seen` they have the whole time again.
CREATE FUNCTION auth_standing_devices(p_devices uuid[], p_unused interval, p_seen boolean)
  RETURNS TABLE (device_id uuid, expires_at timestamptz)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
#variable_conflict use_column
BEGIN
  IF p_seen THEN
    UPDATE room_devices SET seen_at = clock_timestamp(), expires_at = clock_timestamp() + p_unused
      WHERE id IN (SELECT id FROM room_devices WHERE id = ANY (p_devices) AND revoked_at IS NULL
                     AND expires_at > clock_timestamp() ORDER BY id FOR UPDATE);
  END IF;
  RETURN QUERY SELECT d.id, d.expires_at FROM room_devices d
    JOIN memberships m ON m.user_id = d.paired_by AND m.tenant_id = d.tenant_id
    JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL
    WHERE d.id = ANY (p_devices) AND d.revoked_at IS NULL AND d.expires_at > clock_timestamp();
END $$;

-- Whether a device may still be there; whoever ends it meanwhile waits for this transaction.
CREATE FUNCTION auth_hold_device(p_device uuid) RETURNS boolean
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  SELECT true FROM room_devices d JOIN memberships m ON m.user_id = d.paired_by AND m.tenant_id = d.tenant_id
  JOIN users u ON u.id = m.user_id
  WHERE d.id = p_device AND d.tenant_id = current_tenant() AND d.revoked_at IS NULL
    AND d.expires_at > clock_timestamp() AND u.disabled_at IS NULL
  FOR SHARE OF d, m, u $$;

-- The device of this token goes of its own accord (another pairing took its place, or somebody ended it there).
CREATE FUNCTION auth_end_device(p_token bytea) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH gone AS (
    UPDATE room_devices SET revoked_at = clock_timestamp() WHERE token_hash = p_token AND revoked_at IS NULL
    RETURNING tenant_id, id, room_id, name)
  INSERT INTO audit_log (tenant_id, actor, action, subject, detail)
  SELECT tenant_id, NULL, 'device.left', id::text, jsonb_build_object('room', room_id, 'name', name) FROM gone $$;

CREATE FUNCTION system_sweep_pairings(p_keep interval, p_limit int) RETURNS int
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE codes int; devices int;
BEGIN
  WITH gone AS (DELETE FROM pairing_codes WHERE id = ANY (ARRAY(
      SELECT id FROM pairing_codes WHERE expires_at < now() - p_keep LIMIT p_limit FOR UPDATE SKIP LOCKED)) RETURNING 1)
    SELECT count(*) INTO codes FROM gone;
  WITH gone AS (DELETE FROM room_devices WHERE id = ANY (ARRAY(
      SELECT id FROM room_devices WHERE least(expires_at, revoked_at) < now() - p_keep
      LIMIT p_limit FOR UPDATE SKIP LOCKED)) RETURNING 1)
    SELECT count(*) INTO devices FROM gone;
  RETURN codes + devices;
END $$;

REVOKE EXECUTE ON FUNCTION auth_pair_device, auth_device, auth_standing_devices, auth_hold_device,
  auth_end_device, system_sweep_pairings
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth_pair_device, auth_device, auth_standing_devices, auth_hold_device,
  auth_end_device, system_sweep_pairings
  TO cuedesk_app;
