-- A key is an account of its own (`users`, `memberships`, one open session) that nobody signs in to with a password: so
-- whatever names a person names it too, what it may do is its role, and it ends as a person's access ends, everywhere
-- at once. This row holds what proves it and what people are told of it.
ALTER TABLE memberships DROP CONSTRAINT memberships_role_check;
ALTER TABLE memberships ADD CONSTRAINT memberships_role_check CHECK (role IN
  ('admin', 'operator', 'approver', 'host', 'viewer', 'service_models', 'service_work', 'service'));

CREATE TABLE api_keys (
  id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,      -- the account that the key is
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  name text NOT NULL,
  prefix text NOT NULL,                                        -- by which people know it again
  secret_hash bytea NOT NULL UNIQUE,
  scopes text[] NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['models', 'work']),
  session_id uuid NOT NULL,
  created_by uuid REFERENCES users ON DELETE SET NULL,
  created_by_name text NOT NULL,                               -- whoever made it may leave; the key stays
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,                                      -- NULL: never
  last_used_at timestamptz,                                    -- to within a minute
  revoked_at timestamptz
);
CREATE INDEX api_keys_of_tenant ON api_keys (tenant_id, id);
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON api_keys USING (tenant_id = (SELECT current_tenant()))
  WITH CHECK (tenant_id = (SELECT current_tenant()));
-- Keys come into being and end through functions alone; what proves one is nobody's to read.
GRANT SELECT (id, tenant_id, name, prefix, scopes, created_by, created_by_name, created_at, expires_at, last_used_at,
  revoked_at) ON api_keys TO cuedesk_app;

-- Which key asked for it, of a question that a service put to a model directly.
ALTER TABLE llm_calls ADD COLUMN api_key_id uuid;

-- The account goes with the key, when the tenant does. At the end of the transaction: only then is all gone that bears
-- its name.
CREATE FUNCTION drop_key_account() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  DELETE FROM users WHERE id = OLD.id;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER api_keys_drop_account AFTER DELETE ON api_keys DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION drop_key_account();

-- As in 0001; nobody signs in to a key's account.
CREATE OR REPLACE FUNCTION auth_user(p_email text) RETURNS TABLE (id uuid, name text, password_hash text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT u.id, u.name, u.password_hash FROM users u WHERE lower(u.email) = lower(p_email) AND u.disabled_at IS NULL
    AND NOT EXISTS (SELECT FROM api_keys k WHERE k.id = u.id) $$;

-- Make a key of the connection's tenant; false when it has as many live ones as it may. A session's token that nobody
-- holds opens nothing: the key itself is looked up in `api_keys`.
CREATE FUNCTION auth_create_api_key(p_id uuid, p_name text, p_prefix text, p_hash bytea, p_scopes text[], p_role text,
    p_by uuid, p_ttl interval, p_most int) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE tenant uuid := current_tenant(); session uuid := uuidv7();
BEGIN
  PERFORM FROM tenants WHERE id = tenant FOR NO KEY UPDATE;    -- one at a time, so that the count holds
  IF (SELECT count(*) FROM api_keys WHERE tenant_id = tenant AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > clock_timestamp())) >= p_most THEN
    RETURN false;
  END IF;
  INSERT INTO users (id, email, name, password_hash) VALUES (p_id, p_id || '@keys.invalid', p_name, '!');
  INSERT INTO memberships (tenant_id, user_id, role) VALUES (tenant, p_id, p_role);
  INSERT INTO sessions (id, tenant_id, user_id, token_hash, expires_at) VALUES (session, tenant, p_id,
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    clock_timestamp() + coalesce(p_ttl, interval '100 years'));
  INSERT INTO api_keys (id, tenant_id, name, prefix, secret_hash, scopes, session_id, created_by, created_by_name,
      expires_at)
    VALUES (p_id, tenant, p_name, p_prefix, p_hash, p_scopes, session, p_by,
      coalesce((SELECT name FROM users WHERE id = p_by), ''), clock_timestamp() + p_ttl);
  RETURN true;
END $$;

-- Whose key this is, as `auth_session` tells it; nothing when it is nobody's, revoked or over.
CREATE FUNCTION auth_api_key(p_hash bytea) RETURNS TABLE
  (session_id uuid, user_id uuid, name text, email text, tenant_id uuid, tenant_name text, role text, expires_at timestamptz)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
#variable_conflict use_column
DECLARE key api_keys;
BEGIN
  SELECT * INTO key FROM api_keys WHERE secret_hash = p_hash AND revoked_at IS NULL;
  IF key.id IS NULL THEN RETURN; END IF;
  RETURN QUERY SELECT * FROM auth_session(NULL, key.session_id);
  IF FOUND AND (key.last_used_at IS NULL OR key.last_used_at < clock_timestamp() - interval '1 minute') THEN
    -- Of many calls at once one notes it, and nobody waits for that.
    UPDATE api_keys SET last_used_at = clock_timestamp() WHERE id = (
      SELECT id FROM api_keys WHERE id = key.id FOR UPDATE SKIP LOCKED);
  END IF;
END $$;

-- End a key of the connection's tenant and answer its name; nothing when there is none that is not revoked.
CREATE FUNCTION auth_revoke_api_key(p_id uuid) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE key api_keys;
BEGIN
  UPDATE api_keys SET revoked_at = clock_timestamp()
    WHERE id = p_id AND tenant_id = current_tenant() AND revoked_at IS NULL RETURNING * INTO key;
  IF key.id IS NULL THEN RETURN NULL; END IF;
  UPDATE users SET disabled_at = clock_timestamp() WHERE id = key.id;
  UPDATE sessions SET revoked_at = clock_timestamp() WHERE id = key.session_id;
  RETURN key.name;
END $$;

REVOKE EXECUTE ON FUNCTION auth_create_api_key, auth_api_key, auth_revoke_api_key, drop_key_account FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth_create_api_key, auth_api_key, auth_revoke_api_key TO cuedesk_app;
