-- Why a call was refused before any provider was asked: tokens_per_minute, calls_per_second, cost_per_month. Its `status`
-- is 'failed', which the release before this one knows; who reads it now says 'refused'.
ALTER TABLE llm_calls ADD COLUMN refusal text;
CREATE INDEX llm_calls_in_time ON llm_calls (ended_at);
CREATE INDEX llm_calls_newest ON llm_calls (tenant_id, ended_at DESC, id DESC);

-- As in 0018, but what was refused is no call that was made.
CREATE OR REPLACE FUNCTION count_model_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.refusal IS NULL THEN
    INSERT INTO model_spending AS spent (tenant_id, month, currency, cost, calls, input_tokens, output_tokens)
    VALUES (NEW.tenant_id, date_trunc('month', NEW.ended_at AT TIME ZONE 'UTC')::date, NEW.currency, NEW.cost, 1,
      NEW.input_tokens, NEW.output_tokens)
    ON CONFLICT (tenant_id, month, currency) DO UPDATE SET
      cost = spent.cost + excluded.cost, calls = spent.calls + 1,
      input_tokens = spent.input_tokens + excluded.input_tokens,
      output_tokens = spent.output_tokens + excluded.output_tokens;
  END IF;
  DELETE FROM model_reservations WHERE id = NEW.id;
  RETURN NULL;
END $$;

-- Whether the tenant allows that prompts and answers are kept, and for how many days; NULL: the server's setting.
ALTER TABLE tenants
  ADD COLUMN model_texts boolean NOT NULL DEFAULT false,
  ADD COLUMN model_text_days int CHECK (model_text_days BETWEEN 1 AND 3650);

-- What was said in a call, with personal data masked.
CREATE TABLE llm_call_texts (
  id uuid PRIMARY KEY REFERENCES llm_calls ON DELETE CASCADE,
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  thread_id uuid,
  turns jsonb NOT NULL,                    -- [{role, content}]
  answer text NOT NULL,                    -- as far as it came
  kept_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX llm_call_texts_of_thread ON llm_call_texts (thread_id);
CREATE INDEX llm_call_texts_of_tenant ON llm_call_texts (tenant_id, kept_at);

-- Answers for whoever repeats a direct call with the same Idempotency-Key. Without an answer somebody is at it, until
-- `claimed_until`, which is moved on while that process lives.
CREATE TABLE model_answers (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  key_hash bytea NOT NULL,
  body_hash bytea NOT NULL,
  claim uuid NOT NULL,                     -- whose answer is taken
  claimed_until timestamptz NOT NULL,
  answer jsonb,
  begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, key_hash)
);
CREATE INDEX model_answers_in_time ON model_answers (begun_at);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['llm_call_texts', 'model_answers'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_tenant ON %I USING (tenant_id = (SELECT current_tenant()))
                    WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO cuedesk_app', t);
  END LOOP;
END $$;

-- Accounts that are older than they are kept; their texts go with them, the sums of the months stay.
CREATE FUNCTION system_sweep_model_calls(p_keep interval, p_limit int) RETURNS int
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH gone AS (
    DELETE FROM llm_calls WHERE id = ANY (ARRAY(
      SELECT id FROM llm_calls WHERE ended_at < now() - p_keep ORDER BY ended_at LIMIT p_limit FOR UPDATE SKIP LOCKED))
    RETURNING 1)
  SELECT count(*)::int FROM gone $$;

-- Texts that are older than their tenant wants them kept, and those of who allows them no more.
CREATE FUNCTION system_sweep_model_texts(p_days int, p_limit int) RETURNS int
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH gone AS (
    DELETE FROM llm_call_texts WHERE id = ANY (ARRAY(
      SELECT x.id FROM llm_call_texts x JOIN tenants t ON t.id = x.tenant_id
      WHERE NOT t.model_texts OR x.kept_at < now() - make_interval(days => coalesce(t.model_text_days, p_days))
      LIMIT p_limit FOR UPDATE OF x SKIP LOCKED))
    RETURNING 1)
  SELECT count(*)::int FROM gone $$;

-- What calls of dead processes held back; a tenant that asks goes over its own by itself.
CREATE FUNCTION system_sweep_model_reservations(p_keep interval, p_limit int) RETURNS int
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH gone AS (
    DELETE FROM model_reservations WHERE id = ANY (ARRAY(
      SELECT id FROM model_reservations WHERE expires_at < now() - p_keep LIMIT p_limit FOR UPDATE SKIP LOCKED))
    RETURNING 1)
  SELECT count(*)::int FROM gone $$;

CREATE FUNCTION system_sweep_model_answers(p_keep interval, p_limit int) RETURNS int
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH gone AS (
    DELETE FROM model_answers WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM model_answers WHERE begun_at < now() - p_keep ORDER BY begun_at LIMIT p_limit
      FOR UPDATE SKIP LOCKED))
    RETURNING 1)
  SELECT count(*)::int FROM gone $$;

DO $$ DECLARE f text; BEGIN
  FOREACH f IN ARRAY ARRAY['system_sweep_model_calls(interval, int)', 'system_sweep_model_texts(int, int)',
    'system_sweep_model_reservations(interval, int)', 'system_sweep_model_answers(interval, int)']
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO cuedesk_app', f);
  END LOOP;
END $$;
