-- A show: what a room goes through in one evening, product by product and segment by segment. What happens to it is told
-- in a log of its own: the thread with the same id, which holds no messages and no runs.
CREATE TABLE shows (
  id uuid PRIMARY KEY REFERENCES threads ON DELETE CASCADE,
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
  name text NOT NULL,
  starts_at timestamptz,
  total_seconds int NOT NULL CHECK (total_seconds > 0),
  status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'running', 'paused')),
  concurrency int NOT NULL DEFAULT 1 CHECK (concurrency > 0),   -- how many scripts are written at once
  started_by uuid REFERENCES users,                             -- in whose name scripts are asked for
  created_by uuid REFERENCES users,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX shows_of_tenant ON shows (tenant_id, id DESC);
CREATE INDEX shows_running ON shows (id) WHERE status = 'running';

CREATE TABLE show_items (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  show_id uuid NOT NULL REFERENCES shows ON DELETE CASCADE,
  position int NOT NULL,
  product_id uuid NOT NULL,                                     -- may be gone since: then its script cannot be written
  product_name text NOT NULL,                                   -- as it was when it was planned
  scenario text NOT NULL,
  planned_seconds int NOT NULL CHECK (planned_seconds BETWEEN 5 AND 1800),
  fixed boolean NOT NULL DEFAULT false,                         -- a person set the seconds; planning leaves them alone
  notes text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'planned' CHECK (status IN
    ('planned', 'queued', 'writing', 'waiting', 'approved', 'rejected', 'failed', 'skipped')),
  generation int NOT NULL DEFAULT 0,                            -- how often its writing was begun
  thread_id uuid REFERENCES threads ON DELETE SET NULL,         -- of the present generation
  run_id uuid REFERENCES runs ON DELETE SET NULL,               -- the thread's run that counts
  interrupt_id text,                                            -- what waits for a person
  script_id uuid REFERENCES scripts ON DELETE SET NULL,         -- approved last, also while another is written
  script_version int,
  error jsonb,
  began_at timestamptz,                                         -- when the present run was first taken up
  written_seconds double precision,                             -- from there to the first question
  UNIQUE (show_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX show_items_of_thread ON show_items (thread_id) WHERE thread_id IS NOT NULL;

-- What a room's teleprompter goes through, in order.
CREATE TABLE rundown_items (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  room_id uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
  show_item_id uuid NOT NULL UNIQUE REFERENCES show_items ON DELETE CASCADE,
  script_id uuid NOT NULL,
  script_version int NOT NULL,
  placed_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (script_id, script_version) REFERENCES script_versions ON DELETE CASCADE
);
CREATE INDEX rundown_items_of_room ON rundown_items (room_id);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['shows', 'show_items', 'rundown_items'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_tenant ON %I USING (tenant_id = (SELECT current_tenant()))
                    WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON shows, show_items, rundown_items TO cuedesk_app;

-- The show whose log (id = show_id) or whose script's conversation a thread is; NULL: a conversation of its own.
ALTER TABLE threads ADD COLUMN show_id uuid;
CREATE INDEX threads_of_show ON threads (show_id) WHERE show_id IS NOT NULL;
-- The item of a show that a run is for: every run of the item's thread.
ALTER TABLE runs ADD COLUMN show_item_id uuid;
CREATE INDEX runs_of_show_item ON runs (show_item_id) WHERE show_item_id IS NOT NULL;
-- How many scripts of a show are written at once. NULL: the server's setting.
ALTER TABLE tenants ADD COLUMN show_concurrency int CHECK (show_concurrency BETWEEN 1 AND 50);

-- How far a show is. `left_seconds` is the time until everything is written, from the measured times of this show's own
-- scripts; NULL before the first is done.
CREATE FUNCTION show_progress(p_show uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'total', count(i.id),
    'planned', count(i.id) FILTER (WHERE i.status = 'planned'),
    'queued', count(i.id) FILTER (WHERE i.status = 'queued'),
    'writing', count(i.id) FILTER (WHERE i.status = 'writing'),
    'waiting', count(i.id) FILTER (WHERE i.status = 'waiting'),
    'approved', count(i.id) FILTER (WHERE i.status = 'approved'),
    'rejected', count(i.id) FILTER (WHERE i.status = 'rejected'),
    'failed', count(i.id) FILTER (WHERE i.status = 'failed'),
    'skipped', count(i.id) FILTER (WHERE i.status = 'skipped'),
    'left_seconds', ceil(avg(i.written_seconds)
      * ceil(count(i.id) FILTER (WHERE i.status IN ('planned', 'queued', 'writing'))::float8 / s.concurrency))::int)
  FROM shows s LEFT JOIN show_items i ON i.show_id = s.id WHERE s.id = p_show GROUP BY s.id $$;

-- An item as the log tells it; its twin is `ShowItemView` of backend/protocol/events.py.
CREATE FUNCTION show_item_view(i show_items) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'id', i.id, 'product_id', i.product_id, 'product_name', i.product_name, 'scenario', i.scenario,
    'planned_seconds', i.planned_seconds, 'fixed', i.fixed, 'notes', i.notes, 'status', i.status,
    'thread_id', i.thread_id, 'run_id', i.run_id, 'interrupt_id', i.interrupt_id, 'script_id', i.script_id,
    'script_version', i.script_version, 'error', i.error) $$;

-- Append one event to the log of a show and announce it at commit. The caller holds the show's row.
CREATE FUNCTION tell_show(p_show uuid, p_type text, p_payload jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE head record;
BEGIN
  UPDATE threads SET last_seq = last_seq + 1, updated_at = now() WHERE id = p_show
  RETURNING tenant_id, last_seq INTO head;
  INSERT INTO thread_events (tenant_id, thread_id, seq, id, type, payload)
  VALUES (head.tenant_id, p_show, head.last_seq, uuidv7(), p_type, p_payload);
  PERFORM pg_notify('cuedesk_events', concat_ws(' ', p_show, head.last_seq, head.tenant_id, '-'));
END $$;

-- Brings the item of a show to where its run is, in the transaction that moves the run and as its last act: whatever
-- moves a run (a worker, a person, the clock, a sweep) cannot forget the show. Lock order: run, interrupts, the run's
-- thread, and only then show, item, the show's log.
CREATE FUNCTION follow_show_item() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  item show_items;
  was show_items;
  run runs;
  published record;
BEGIN
  PERFORM FROM shows s JOIN show_items i ON i.show_id = s.id WHERE i.id = NEW.show_item_id FOR UPDATE OF s;
  SELECT * INTO item FROM show_items WHERE id = NEW.show_item_id FOR UPDATE;
  -- An item that begins anew has left the conversation it had before.
  IF NOT FOUND OR item.thread_id IS DISTINCT FROM NEW.thread_id THEN RETURN NULL; END IF;
  was := item;
  SELECT * INTO run FROM runs WHERE thread_id = item.thread_id
  ORDER BY status IN ('queued', 'running', 'waiting') DESC, status <> 'enqueued' DESC, created_at DESC, id DESC LIMIT 1;
  IF item.run_id IS DISTINCT FROM run.id THEN
    item.began_at := NULL;
    item.written_seconds := NULL;
  END IF;
  item.run_id := run.id;
  item.error := NULL;
  item.interrupt_id := (SELECT id FROM interrupts WHERE run_id = run.id AND status = 'pending' ORDER BY created_at LIMIT 1);
  SELECT script_id, version INTO published FROM script_versions WHERE run_id = run.id ORDER BY version DESC LIMIT 1;
  IF FOUND THEN
    item.script_id := published.script_id;
    item.script_version := published.version;
  END IF;
  CASE
    WHEN run.status IN ('queued', 'enqueued') THEN
      -- One that goes on after an answer does not stand in line for the first time.
      item.status := CASE WHEN item.began_at IS NULL THEN 'queued' ELSE 'writing' END;
    WHEN run.status = 'running' THEN
      item.status := 'writing';
      item.began_at := coalesce(item.began_at, clock_timestamp());
    WHEN run.status = 'waiting' THEN
      item.status := 'waiting';
      item.written_seconds := coalesce(item.written_seconds, extract(epoch FROM clock_timestamp() - item.began_at));
    WHEN run.status = 'failed' THEN
      item.status := 'failed';
      item.error := run.error;
    WHEN run.status = 'expired' THEN
      item.status := 'failed';
      item.error := '{"code": "interrupt_expired", "message": "nobody decided in time", "retryable": true,
                      "retry_after_ms": null, "details": {}}';
    WHEN item.script_id IS NOT NULL THEN
      item.status := 'approved';  -- also when a second version was not wanted after all: the first one stands
    WHEN run.status = 'cancelled' THEN
      item.status := 'skipped';
    WHEN EXISTS (SELECT FROM interrupts WHERE run_id = run.id AND status = 'rejected') THEN
      item.status := 'rejected';
    ELSE
      item.status := 'failed';
      item.error := '{"code": "nothing_to_review", "message": "the run ended without a script", "retryable": true,
                      "retry_after_ms": null, "details": {}}';
  END CASE;
  UPDATE show_items SET status = item.status, run_id = item.run_id, interrupt_id = item.interrupt_id,
    script_id = item.script_id, script_version = item.script_version, error = item.error, began_at = item.began_at,
    written_seconds = item.written_seconds WHERE id = item.id;
  IF show_item_view(was) IS DISTINCT FROM show_item_view(item) THEN
    PERFORM tell_show(item.show_id, 'show_item',
      jsonb_build_object('item', show_item_view(item), 'progress', show_progress(item.show_id)));
  END IF;
  IF was.status IN ('queued', 'writing') AND item.status NOT IN ('queued', 'writing') THEN
    PERFORM pg_notify('cuedesk_shows', '');  -- a place is free: workers look, and their sweep covers a lost notice
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION follow_show_item() FROM PUBLIC;
-- At the end of the transaction: what it published, asked and decided is there, and its other locks are taken.
CREATE CONSTRAINT TRIGGER runs_begun_for_show AFTER INSERT ON runs DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.show_item_id IS NOT NULL) EXECUTE FUNCTION follow_show_item();
CREATE CONSTRAINT TRIGGER runs_moved_for_show AFTER UPDATE OF status ON runs DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.show_item_id IS NOT NULL AND OLD.status IS DISTINCT FROM NEW.status)
  EXECUTE FUNCTION follow_show_item();

-- Shows in which a script may be begun now.
CREATE FUNCTION system_shows_to_fill() RETURNS TABLE (tenant_id uuid, show_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT s.tenant_id, s.id FROM shows s
  WHERE s.status = 'running' AND EXISTS (SELECT FROM show_items i WHERE i.show_id = s.id AND i.status = 'planned')
    AND (SELECT count(*) FROM show_items i WHERE i.show_id = s.id AND i.status IN ('queued', 'writing')) < s.concurrency
  ORDER BY s.id LIMIT 500 $$;
REVOKE EXECUTE ON FUNCTION system_shows_to_fill() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION system_shows_to_fill() TO cuedesk_app;
