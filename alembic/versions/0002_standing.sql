-- Of these sessions and the roles their sockets work with, those that are not (or no longer) so. `role` is NULL when the
-- person has lost the account or the place in the tenant; `open` is false when the session has ended.
CREATE FUNCTION auth_changed_standings(p_sessions uuid[], p_roles text[])
  RETURNS TABLE (session_id uuid, role text, open boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT held.id, m.role, s.id IS NOT NULL AND s.revoked_at IS NULL AND s.expires_at > now()
  FROM unnest(p_sessions, p_roles) AS held (id, role)
  LEFT JOIN sessions s ON s.id = held.id
  LEFT JOIN users u ON u.id = s.user_id AND u.disabled_at IS NULL
  LEFT JOIN memberships m ON m.user_id = u.id AND m.tenant_id = s.tenant_id
  WHERE m.role IS DISTINCT FROM held.role OR s.revoked_at IS NOT NULL OR s.expires_at <= now() $$;

-- The role somebody has in the connection's tenant, held until the transaction ends: who disables the account or takes
-- the role away meanwhile waits, so no decision is committed after the loss of the right to it.
CREATE FUNCTION auth_hold_role(p_user uuid) RETURNS text
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  SELECT m.role FROM memberships m JOIN users u ON u.id = m.user_id
  WHERE m.user_id = p_user AND m.tenant_id = current_tenant() AND u.disabled_at IS NULL
  FOR SHARE OF m, u $$;

-- Tells every process that somebody's standing has changed; the payload is the user's id. Each looks for itself, so a
-- notice that is lost costs a second at most.
CREATE FUNCTION tell_standing() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  PERFORM pg_notify('cuedesk_people', to_jsonb(OLD) ->> TG_ARGV[0]);
  RETURN NULL;
END $$;
CREATE TRIGGER users_tell_standing AFTER UPDATE OF disabled_at ON users
  FOR EACH ROW WHEN (OLD.disabled_at IS DISTINCT FROM NEW.disabled_at) EXECUTE FUNCTION tell_standing('id');
CREATE TRIGGER memberships_tell_standing AFTER UPDATE OF role OR DELETE ON memberships
  FOR EACH ROW EXECUTE FUNCTION tell_standing('user_id');
CREATE TRIGGER sessions_tell_standing AFTER UPDATE OF revoked_at ON sessions
  FOR EACH ROW WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at) EXECUTE FUNCTION tell_standing('user_id');

REVOKE EXECUTE ON FUNCTION auth_changed_standings(uuid[], text[]), auth_hold_role(uuid), tell_standing() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth_changed_standings(uuid[], text[]), auth_hold_role(uuid) TO cuedesk_app;
