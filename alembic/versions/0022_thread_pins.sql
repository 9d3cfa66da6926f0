-- What somebody wants first in their own list of threads.
CREATE TABLE thread_pins (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  thread_id uuid NOT NULL REFERENCES threads ON DELETE CASCADE,
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  pinned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, thread_id)
);
CREATE INDEX thread_pins_of_thread ON thread_pins (thread_id);

ALTER TABLE thread_pins ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON thread_pins USING (tenant_id = (SELECT current_tenant()))
  WITH CHECK (tenant_id = (SELECT current_tenant()));
GRANT SELECT, INSERT, DELETE ON thread_pins TO cuedesk_app;
