-- One row a logical call with all its attempts. No reference to thread or run: what was spent stays spent when they are
-- deleted, and a row may be written after them.
CREATE TABLE llm_calls (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  thread_id uuid,
  run_id uuid,
  node text NOT NULL,                      -- what it was asked for: script, chat, intent, …
  prompt_version text NOT NULL,
  streamed boolean NOT NULL,
  backend text NOT NULL,                   -- names of models.yaml: what answered, or was asked last
  provider text NOT NULL,
  model text NOT NULL,
  fallback_from text,                      -- the backend that should have answered
  status text NOT NULL CHECK (status IN ('completed', 'failed', 'cancelled', 'shared')),
  failure text,
  attempts int NOT NULL,
  hops jsonb NOT NULL,                     -- [{backend, reason, elapsed_ms, pause_ms, status}]
  input_tokens int NOT NULL,
  output_tokens int NOT NULL,
  cached_tokens int NOT NULL,              -- of the input
  reasoning_tokens int NOT NULL,           -- of the output
  estimated boolean NOT NULL,              -- counted by us, not by the provider
  cost numeric(18, 9) NOT NULL,
  currency text NOT NULL,
  first_token_ms int,
  total_ms int NOT NULL,
  ended_at timestamptz NOT NULL DEFAULT clock_timestamp()  -- when it was written, a moment after its end
);
CREATE INDEX llm_calls_of_thread ON llm_calls (thread_id, id);
CREATE INDEX llm_calls_of_tenant ON llm_calls (tenant_id, ended_at);
ALTER TABLE llm_calls ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON llm_calls USING (tenant_id = (SELECT current_tenant()))
  WITH CHECK (tenant_id = (SELECT current_tenant()));
GRANT SELECT, INSERT ON llm_calls TO cuedesk_app;
