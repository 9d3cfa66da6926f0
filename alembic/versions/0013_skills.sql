-- What a tenant allows of the graph's skills. A skill without a row is as the code has it: on, for its own roles.
CREATE TABLE tenant_skills (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  name text NOT NULL,
  enabled boolean NOT NULL DEFAULT true,
  roles text[],                                                 -- NULL: the roles the code names
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, name)
);
ALTER TABLE tenant_skills ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON tenant_skills USING (tenant_id = (SELECT current_tenant()))
  WITH CHECK (tenant_id = (SELECT current_tenant()));
GRANT SELECT, INSERT, UPDATE ON tenant_skills TO cuedesk_app;
