CREATE EXTENSION IF NOT EXISTS vector;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cuedesk_app') THEN
    CREATE ROLE cuedesk_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this cluster made it just now
END $$;
GRANT cuedesk_app TO CURRENT_USER;
GRANT USAGE ON SCHEMA public TO cuedesk_app;

-- The tenant a connection works for; NULL (nothing visible) when none was set.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $$;

-- Changes when the database is restored to an earlier point: cursors of another epoch are void.
CREATE TABLE cluster_epoch (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO cluster_epoch DEFAULT VALUES;

-- People and tenants ---------------------------------------------------------------------------------------------

CREATE TABLE tenants (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  interrupt_ttl interval,                       -- NULL: the server's setting
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  email text NOT NULL,
  name text NOT NULL,
  password_hash text NOT NULL,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE memberships (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('admin', 'operator', 'approver', 'host', 'viewer')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

-- One row per sign-in; the cookie holds the token whose SHA-256 this is.
CREATE TABLE sessions (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  token_hash bytea NOT NULL UNIQUE,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE socket_tickets (
  token_hash bytea PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);

-- Hosts, products, rooms -----------------------------------------------------------------------------------------

CREATE TABLE hosts (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  name text NOT NULL,
  voice text NOT NULL DEFAULT '',
  audience text NOT NULL DEFAULT '',
  pace int NOT NULL DEFAULT 260 CHECK (pace BETWEEN 120 AND 420),       -- characters a minute
  catchphrases text[] NOT NULL DEFAULT '{}',
  taboo_words text[] NOT NULL DEFAULT '{}',
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, name)
);

CREATE TABLE products (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  name text NOT NULL,
  brand text NOT NULL DEFAULT '',
  category text NOT NULL DEFAULT '',
  aliases text[] NOT NULL DEFAULT '{}',
  price numeric(12, 2) CHECK (price >= 0),                             -- yuan
  list_price numeric(12, 2) CHECK (list_price >= 0),
  unit text NOT NULL DEFAULT '件',
  stock int CHECK (stock >= 0),
  gifts text[] NOT NULL DEFAULT '{}',
  points jsonb NOT NULL DEFAULT '[]',                                  -- [{feature, benefit, proof}]
  facts jsonb NOT NULL DEFAULT '{}',                                   -- {name: "value with unit"}
  evidence text[] NOT NULL DEFAULT '{}',
  required_statements text[] NOT NULL DEFAULT '{}',
  compliance_flags text[] NOT NULL DEFAULT '{}',
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, name)
);

CREATE TABLE rooms (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  name text NOT NULL,
  host_id uuid REFERENCES hosts ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, name)
);

-- What a room's teleprompter is to show; version counts every change, the latest wins.
CREATE TABLE prompter_state (
  room_id uuid PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  version int NOT NULL DEFAULT 0,
  script_id uuid,
  script_version int,
  title text NOT NULL DEFAULT '',
  content text NOT NULL DEFAULT '',
  pace int NOT NULL DEFAULT 240,
  updated_at timestamptz NOT NULL DEFAULT now(),
  acked_version int NOT NULL DEFAULT 0,
  acked_at timestamptz,
  position double precision NOT NULL DEFAULT 0
);

-- Threads, runs, events ------------------------------------------------------------------------------------------

CREATE TABLE threads (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  title text NOT NULL DEFAULT '',
  created_by uuid REFERENCES users,
  room_id uuid REFERENCES rooms ON DELETE SET NULL,
  product_id uuid REFERENCES products ON DELETE SET NULL,
  host_id uuid REFERENCES hosts ON DELETE SET NULL,
  graph_version text NOT NULL,
  last_seq bigint NOT NULL DEFAULT 0,
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX threads_recent ON threads (tenant_id, updated_at DESC) WHERE deleted_at IS NULL;

CREATE TABLE runs (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  thread_id uuid NOT NULL REFERENCES threads ON DELETE CASCADE,
  requested_by uuid REFERENCES users,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN
    ('enqueued', 'queued', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'expired')),
  request jsonb NOT NULL,                        -- {content, slots}: what was asked
  attempt int NOT NULL DEFAULT 0,                -- counts claims; is at once the fencing token
  crashes int NOT NULL DEFAULT 0,                -- claims in a row that did not end in an orderly way
  worker text,
  lease_expires_at timestamptz,
  error jsonb,
  graph_version text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
CREATE UNIQUE INDEX runs_one_active_per_thread ON runs (thread_id) WHERE status IN ('queued', 'running', 'waiting');
CREATE INDEX runs_of_thread ON runs (thread_id, id);
CREATE INDEX runs_alive ON runs (status, lease_expires_at) WHERE status IN ('queued', 'running');

CREATE TABLE messages (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  thread_id uuid NOT NULL REFERENCES threads ON DELETE CASCADE,
  run_id uuid REFERENCES runs ON DELETE SET NULL,
  role text NOT NULL CHECK (role IN ('user', 'assistant')),
  agent text,
  author_id uuid REFERENCES users,
  content text NOT NULL DEFAULT '',
  status text NOT NULL CHECK (status IN ('writing', 'complete', 'cancelled', 'failed')),
  attempt int NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX messages_of_thread ON messages (thread_id, created_at, id);

-- The log of a thread: seq has no gaps because it is taken under the thread's row lock.
CREATE TABLE thread_events (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  thread_id uuid NOT NULL REFERENCES threads ON DELETE CASCADE,
  seq bigint NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  run_id uuid,
  attempt int,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (thread_id, seq)
);
CREATE INDEX thread_events_of_interrupts ON thread_events (tenant_id, created_at)
  WHERE type IN ('interrupt', 'interrupt_updated', 'interrupt_resolved', 'interrupt_expired');

CREATE TABLE interrupts (
  id text PRIMARY KEY,                            -- LangGraph's interrupt id
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  thread_id uuid NOT NULL REFERENCES threads ON DELETE CASCADE,
  run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('script_approval', 'tool_action')),
  action text NOT NULL,
  params jsonb NOT NULL,
  allowed text[] NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN
    ('pending', 'approved', 'edited', 'rejected', 'responded', 'expired', 'cancelled')),
  version int NOT NULL DEFAULT 1,
  expires_at timestamptz NOT NULL,
  decision jsonb,                                 -- what the graph is resumed with
  decided_by uuid REFERENCES users,
  decided_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX interrupts_pending ON interrupts (tenant_id, expires_at) WHERE status = 'pending';
CREATE INDEX interrupts_of_run ON interrupts (run_id);

-- Side effects that were done, so that a node that runs again does not do them again.
CREATE TABLE effects (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  key text NOT NULL,
  result jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key)
);

-- Commands that were carried out, with their answer, so that a repeat gets the same one.
CREATE TABLE commands (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  id uuid NOT NULL,
  body_hash bytea NOT NULL,
  result jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, user_id, id)
);

-- Scripts and memory ---------------------------------------------------------------------------------------------

CREATE TABLE scripts (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  thread_id uuid REFERENCES threads ON DELETE SET NULL,
  room_id uuid REFERENCES rooms ON DELETE SET NULL,
  product_id uuid REFERENCES products ON DELETE SET NULL,
  host_id uuid REFERENCES hosts ON DELETE SET NULL,
  title text NOT NULL,
  scenario text NOT NULL,
  latest_version int NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX scripts_recent ON scripts (tenant_id, updated_at DESC);

CREATE TABLE script_versions (
  script_id uuid NOT NULL REFERENCES scripts ON DELETE CASCADE,
  version int NOT NULL,
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  run_id uuid REFERENCES runs ON DELETE SET NULL,
  content text NOT NULL,
  draft text NOT NULL,                            -- what the writer proposed, before a person's edits
  provenance jsonb NOT NULL,                      -- model, prompt and graph version, recalled ids, findings, approver
  approved_by uuid REFERENCES users,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (script_id, version)
);

CREATE TABLE memory_documents (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('script', 'note')),
  content text NOT NULL,
  host_id uuid REFERENCES hosts ON DELETE SET NULL,
  product_id uuid REFERENCES products ON DELETE SET NULL,
  category text NOT NULL DEFAULT '',
  scenario text NOT NULL DEFAULT '',
  source_id uuid,                                 -- the script it was learned from
  embedder text NOT NULL,                         -- vectors of different embedders are never compared
  dense halfvec(384) NOT NULL,
  sparse sparsevec NOT NULL,
  terms int[] NOT NULL,                           -- the term ids in `sparse`, to keep memory_terms right on deletion
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, kind, source_id)
);
CREATE INDEX memory_documents_of_tenant ON memory_documents (tenant_id, embedder);

-- In how many documents of a tenant a term occurs: the IDF of BM25, applied on the query's side.
CREATE TABLE memory_terms (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  term int NOT NULL,
  documents int NOT NULL,
  PRIMARY KEY (tenant_id, term)
);

-- Audit: append-only, each row sealed with the hash of the one before ---------------------------------------------

CREATE TABLE audit_log (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  n bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor uuid,
  action text NOT NULL,
  subject text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (tenant_id, n)
);

CREATE FUNCTION seal_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit:' || NEW.tenant_id, 0));
  SELECT n, hash INTO last FROM audit_log WHERE tenant_id = NEW.tenant_id ORDER BY n DESC LIMIT 1;
  NEW.n := coalesce(last.n, 0) + 1;
  NEW.previous_hash := coalesce(last.hash, '\x');
  NEW.hash := sha256(NEW.previous_hash || convert_to(concat_ws(E'\x1f', NEW.tenant_id, NEW.n,
    extract(epoch FROM NEW.at), NEW.actor, NEW.action, NEW.subject, NEW.detail), 'UTF8'));
  RETURN NEW;
END $$;
CREATE TRIGGER audit_log_sealed BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION seal_audit();
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_log_unchanged BEFORE UPDATE OR TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- Row-level security: on every table that has tenant_id ------------------------------------------------------------

DO $$ DECLARE t text; BEGIN
  FOR t IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
           WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname = 'tenant_id'
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_tenant ON %I USING (tenant_id = (SELECT current_tenant()))
                    WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON tenants USING (id = (SELECT current_tenant()));
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON users FOR SELECT USING (
  EXISTS (SELECT FROM memberships m WHERE m.user_id = users.id AND m.tenant_id = (SELECT current_tenant())));

-- What must look across tenants, each a function that answers just one question -------------------------------------

-- Before anybody is known: the hash to compare a password with.
CREATE FUNCTION auth_user(p_email text) RETURNS TABLE (id uuid, name text, password_hash text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT u.id, u.name, u.password_hash FROM users u WHERE lower(u.email) = lower(p_email) AND u.disabled_at IS NULL $$;

CREATE FUNCTION auth_memberships(p_user uuid) RETURNS TABLE (tenant_id uuid, slug text, name text, role text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT t.id, t.slug, t.name, m.role FROM memberships m JOIN tenants t ON t.id = m.tenant_id
  WHERE m.user_id = p_user ORDER BY t.slug $$;

CREATE FUNCTION auth_open_session(p_user uuid, p_tenant uuid, p_hash bytea, p_ttl interval)
  RETURNS TABLE (id uuid, expires_at timestamptz)
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  INSERT INTO sessions (tenant_id, user_id, token_hash, expires_at)
  SELECT m.tenant_id, m.user_id, p_hash, now() + p_ttl FROM memberships m
  WHERE m.user_id = p_user AND m.tenant_id = p_tenant
  RETURNING id, expires_at $$;

-- Who a session is now: its role is read afresh, so that a change takes effect at once.
CREATE FUNCTION auth_session(p_hash bytea, p_id uuid) RETURNS TABLE
  (session_id uuid, user_id uuid, name text, email text, tenant_id uuid, tenant_name text, role text, expires_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT s.id, u.id, u.name, u.email, s.tenant_id, t.name, m.role, s.expires_at
  FROM sessions s JOIN users u ON u.id = s.user_id AND u.disabled_at IS NULL
  JOIN tenants t ON t.id = s.tenant_id
  JOIN memberships m ON m.user_id = s.user_id AND m.tenant_id = s.tenant_id
  WHERE (s.token_hash = p_hash OR s.id = p_id) AND s.revoked_at IS NULL AND s.expires_at > now() $$;

CREATE FUNCTION auth_close_session(p_id uuid) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE sessions SET revoked_at = now() WHERE id = p_id AND revoked_at IS NULL $$;

CREATE FUNCTION auth_issue_ticket(p_session uuid, p_hash bytea, p_ttl interval) RETURNS timestamptz
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  DELETE FROM socket_tickets WHERE expires_at < now() - interval '1 hour';
  INSERT INTO socket_tickets VALUES (p_hash, p_session, now() + p_ttl) RETURNING expires_at $$;

-- Take a ticket: it is gone afterwards, whoever asks.
CREATE FUNCTION auth_take_ticket(p_hash bytea) RETURNS uuid
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH taken AS (DELETE FROM socket_tickets WHERE token_hash = p_hash RETURNING session_id, expires_at)
  SELECT session_id FROM taken WHERE expires_at > now() $$;

-- A zombie's write fails here: another worker has claimed the run since, or it is over.
CREATE FUNCTION assert_fence(p_run uuid, p_attempt int) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  PERFORM FROM runs WHERE id = p_run AND attempt = p_attempt AND status = 'running' FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'run % is no longer held by attempt %', p_run, p_attempt USING ERRCODE = 'CD001';
  END IF;
  RETURN true;
END $$;

-- Prolong the leases of one worker; answers those it still holds.
CREATE FUNCTION system_renew_leases(p_runs uuid[], p_attempts int[], p_lease interval) RETURNS SETOF uuid
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE runs r SET lease_expires_at = now() + p_lease
  FROM unnest(p_runs, p_attempts) AS mine (id, attempt)
  WHERE r.id = mine.id AND r.attempt = mine.attempt AND r.status = 'running'
  RETURNING r.id $$;

-- Runs whose worker is gone, and queued ones whose job got lost.
CREATE FUNCTION system_stranded_runs(p_queued_for interval) RETURNS TABLE (tenant_id uuid, run_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT r.tenant_id, r.id FROM runs r
  WHERE (r.status = 'running' AND r.lease_expires_at < now())
     OR (r.status = 'queued' AND r.updated_at < now() - p_queued_for)
  LIMIT 500 $$;

CREATE FUNCTION system_due_interrupts() RETURNS TABLE (tenant_id uuid, interrupt_id text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT i.tenant_id, i.id FROM interrupts i WHERE i.status = 'pending' AND i.expires_at <= now()
  ORDER BY i.expires_at LIMIT 500 $$;

-- Where the logs of watched threads end: the poll that covers a lost NOTIFY.
CREATE FUNCTION system_thread_heads(p_threads uuid[]) RETURNS TABLE (thread_id uuid, last_seq bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT t.id, t.last_seq FROM threads t WHERE t.id = ANY (p_threads) $$;

CREATE FUNCTION system_room_versions(p_rooms uuid[]) RETURNS TABLE (room_id uuid, version int, acked_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT s.room_id, s.version, s.acked_at FROM prompter_state s WHERE s.room_id = ANY (p_rooms) $$;

DO $$ DECLARE f regprocedure; BEGIN
  FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
           AND (p.proname ~ '^(auth|system)_' OR p.proname = 'assert_fence')
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO cuedesk_app', f);
  END LOOP;
END $$;
