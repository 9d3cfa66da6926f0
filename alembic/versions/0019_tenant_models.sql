-- Models of a tenant's own: providers, backends and routes laid over those of the server's file. No keys: a provider names
-- the variable that holds its key. A NULL document: the server's models again; the row stays, so revisions only grow.
CREATE TABLE tenant_models (
  tenant_id uuid PRIMARY KEY DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  revision int NOT NULL DEFAULT 1,
  document jsonb,
  changed_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE tenant_models ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON tenant_models USING (tenant_id = (SELECT current_tenant()))
  WITH CHECK (tenant_id = (SELECT current_tenant()));
GRANT SELECT, INSERT, UPDATE ON tenant_models TO cuedesk_app;

-- Every process hears of a change at its commit.
CREATE FUNCTION tell_models() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('cuedesk_models', NEW.tenant_id::text);
  RETURN NULL;
END $$;
CREATE TRIGGER tenant_models_told AFTER INSERT OR UPDATE ON tenant_models
  FOR EACH ROW EXECUTE FUNCTION tell_models();

-- Which tenants' models are others than a process knows. Every process serves every tenant.
CREATE FUNCTION system_tenant_models(p_tenants uuid[], p_revisions int[])
  RETURNS TABLE (tenant_id uuid, slug text, revision int, document jsonb)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT m.tenant_id, t.slug, m.revision, m.document FROM tenant_models m JOIN tenants t ON t.id = m.tenant_id
  WHERE NOT EXISTS (
    SELECT FROM unnest(p_tenants, p_revisions) AS known(tenant_id, revision)
    WHERE known.tenant_id = m.tenant_id AND known.revision = m.revision) $$;

REVOKE EXECUTE ON FUNCTION system_tenant_models(uuid[], int[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION system_tenant_models(uuid[], int[]) TO cuedesk_app;
