-- Limits of a tenant. NULL: the server's setting.
ALTER TABLE tenants
  ADD COLUMN window_characters int CHECK (window_characters BETWEEN 500 AND 20000),
  ADD COLUMN summary_characters int CHECK (summary_characters BETWEEN 0 AND 4000),
  ADD COLUMN memory_documents int CHECK (memory_documents BETWEEN 10 AND 1000000);

-- What a run wrote was looked for among the messages of everybody.
CREATE INDEX messages_of_run ON messages (run_id);

-- The texts of a thread in the order in which they were put to a person, numbered as people count them ("5号那条"): any of
-- them is found without reading the others. One row a run; `interrupt_id` is the last question that put it.
CREATE TABLE thread_texts (
  thread_id uuid NOT NULL REFERENCES threads ON DELETE CASCADE,
  place int NOT NULL CHECK (place > 0),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  run_id uuid NOT NULL UNIQUE REFERENCES runs ON DELETE CASCADE,
  interrupt_id text NOT NULL REFERENCES interrupts ON DELETE CASCADE,
  product_id uuid,
  product_name text,
  scenario text,
  PRIMARY KEY (thread_id, place)
);
CREATE INDEX thread_texts_of_product ON thread_texts (thread_id, product_name, place);
CREATE INDEX thread_texts_of_scenario ON thread_texts (thread_id, scenario, place);
CREATE INDEX thread_texts_of_interrupt ON thread_texts (interrupt_id);

-- Whoever asks, a worker of the release before among them, cannot forget to number. Lock order: run, interrupts, thread.
CREATE FUNCTION number_thread_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE thread_texts SET interrupt_id = NEW.id WHERE run_id = NEW.run_id;
  IF FOUND THEN RETURN NULL; END IF;
  PERFORM FROM threads WHERE id = NEW.thread_id FOR NO KEY UPDATE;
  INSERT INTO thread_texts (thread_id, place, tenant_id, run_id, interrupt_id, product_id, product_name, scenario)
  SELECT NEW.thread_id, coalesce(max(place), 0) + 1, NEW.tenant_id, NEW.run_id, NEW.id,
         CASE WHEN NEW.params ->> 'product_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
              THEN (NEW.params ->> 'product_id')::uuid END, NEW.params ->> 'product_name',
         NEW.params -> 'slots' ->> 'scenario'
  FROM thread_texts WHERE thread_id = NEW.thread_id;
  RETURN NULL;
END $$;
CREATE TRIGGER interrupts_numbered AFTER INSERT ON interrupts
  FOR EACH ROW WHEN (NEW.kind = 'script_approval') EXECUTE FUNCTION number_thread_text();

INSERT INTO thread_texts (thread_id, place, tenant_id, run_id, interrupt_id, product_id, product_name, scenario)
SELECT thread_id, row_number() OVER (PARTITION BY thread_id ORDER BY created_at, id), tenant_id, run_id, id,
       CASE WHEN params ->> 'product_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
            THEN (params ->> 'product_id')::uuid END, params ->> 'product_name', params -> 'slots' ->> 'scenario'
FROM (SELECT DISTINCT ON (run_id) * FROM interrupts WHERE kind = 'script_approval'
      ORDER BY run_id, created_at DESC) last_of_run;

-- What is before the window of a long thread, in short. Made from the messages up to (`through_at`, `through_id`), so it can
-- be made again; nothing before `begins_after` is taken into it (it was asked to be forgotten).
CREATE TABLE thread_notes (
  thread_id uuid PRIMARY KEY REFERENCES threads ON DELETE CASCADE,
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  version int NOT NULL DEFAULT 1,                  -- compare-and-set
  through_at timestamptz NOT NULL,
  through_id uuid NOT NULL,
  begins_after timestamptz NOT NULL DEFAULT '-infinity',
  messages int NOT NULL DEFAULT 0,                 -- how many it covers
  notes jsonb NOT NULL,
  summary text NOT NULL,
  written_by text NOT NULL,                        -- 'offline', or the model's name
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX thread_notes_in_time ON thread_notes (tenant_id, updated_at);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['thread_texts', 'thread_notes'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_tenant ON %I USING (tenant_id = (SELECT current_tenant()))
                    WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO cuedesk_app', t);
  END LOOP;
END $$;

-- Remove the notes of threads in which nothing was said for as long as `p_keep`, and of removed ones. Who goes on there has
-- them made again; where something was asked to be forgotten the mark stays.
CREATE FUNCTION system_sweep_thread_notes(p_keep interval, p_limit int) RETURNS int
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH over AS (
    SELECT n.thread_id, n.begins_after = '-infinity' OR t.deleted_at IS NOT NULL AS whole
    FROM thread_notes n JOIN threads t ON t.id = n.thread_id
    WHERE t.deleted_at IS NOT NULL
       OR (t.updated_at < now() - p_keep AND (n.begins_after = '-infinity' OR n.messages > 0))
    LIMIT p_limit FOR UPDATE OF n SKIP LOCKED),
  gone AS (DELETE FROM thread_notes n USING over WHERE n.thread_id = over.thread_id AND over.whole RETURNING 1),
  emptied AS (
    UPDATE thread_notes n SET version = n.version + 1, notes = '{}', summary = '', messages = 0, written_by = 'offline',
      through_at = n.begins_after, through_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
    FROM over WHERE n.thread_id = over.thread_id AND NOT over.whole RETURNING 1)
  SELECT ((SELECT count(*) FROM gone) + (SELECT count(*) FROM emptied))::int $$;

DO $$ BEGIN
  REVOKE EXECUTE ON FUNCTION system_sweep_thread_notes(interval, int) FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION system_sweep_thread_notes(interval, int) TO cuedesk_app;
END $$;
