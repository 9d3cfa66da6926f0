-- What a tenant lays over the rules of the house: its own rules, what it made milder or graver, what may be said. Each
-- save is a new revision; none is ever changed. The rules that hold are those of the highest revision.
CREATE TABLE rule_overlays (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  revision int NOT NULL CHECK (revision > 0),
  overlay jsonb NOT NULL,
  digest text NOT NULL,                          -- of `overlay`: what is compiled once is found by it
  note text NOT NULL DEFAULT '',
  restored_from int,                             -- the revision whose content this one brings back
  author uuid REFERENCES users,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, revision)
);
ALTER TABLE rule_overlays ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON rule_overlays USING (tenant_id = (SELECT current_tenant()))
  WITH CHECK (tenant_id = (SELECT current_tenant()));
GRANT SELECT, INSERT ON rule_overlays TO cuedesk_app;

CREATE FUNCTION refuse_overlay_change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'a revision of the rules is never changed'; END $$;
CREATE TRIGGER rule_overlays_unchanged BEFORE UPDATE OR TRUNCATE ON rule_overlays
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_overlay_change();

-- Every process hears of a new revision at its commit, whoever wrote it.
CREATE FUNCTION tell_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('cuedesk_rules', NEW.tenant_id::text);
  RETURN NULL;
END $$;
CREATE TRIGGER rule_overlays_told AFTER INSERT ON rule_overlays FOR EACH ROW EXECUTE FUNCTION tell_rules();

-- Whose extra rules hold. NULL: in a room those of the tenant, for a tenant none.
ALTER TABLE rooms ADD COLUMN platform text CHECK (platform IN ('douyin', 'taobao', 'kuaishou', 'shipinhao'));
ALTER TABLE tenants ADD COLUMN platform text CHECK (platform IN ('douyin', 'taobao', 'kuaishou', 'shipinhao'));
