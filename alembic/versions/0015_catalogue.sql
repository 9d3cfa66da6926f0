-- What several pieces cost together: [{quantity, total, note}], total in yuan.
ALTER TABLE products ADD COLUMN price_ladder jsonb NOT NULL DEFAULT '[]';

-- Names the state of a tenant's hosts and products: another after each transaction that wrote one of them, and none
-- comes twice, not even when the database is brought back to an earlier point. What was read under a stamp may be kept
-- and given out as long as the stamp is this one.
CREATE TABLE catalogue_heads (
  tenant_id uuid PRIMARY KEY DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  stamp uuid NOT NULL DEFAULT gen_random_uuid()
);
ALTER TABLE catalogue_heads ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON catalogue_heads USING (tenant_id = (SELECT current_tenant()))
  WITH CHECK (tenant_id = (SELECT current_tenant()));
GRANT SELECT, INSERT, UPDATE ON catalogue_heads TO cuedesk_app;
INSERT INTO catalogue_heads (tenant_id) SELECT id FROM tenants;

-- Before the statement, so that whoever writes holds the head before any row of the catalogue: an import and an edit
-- cannot wait for each other in a circle. Once a transaction: an import of a thousand rows is one change.
CREATE FUNCTION stamp_catalogue() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  tenant uuid := current_tenant();
BEGIN
  IF tenant IS NULL THEN  -- the owner's own hand: whose rows these are is not known before they are written
    UPDATE catalogue_heads h SET stamp = gen_random_uuid()
    WHERE EXISTS (SELECT FROM tenants WHERE id = h.tenant_id);  -- not of the one that is being removed
    PERFORM pg_notify('cuedesk_catalogue', '');
  ELSIF current_setting('app.catalogue_stamped', true) IS DISTINCT FROM tenant::text THEN
    INSERT INTO catalogue_heads (tenant_id) SELECT id FROM tenants WHERE id = tenant
      ON CONFLICT (tenant_id) DO UPDATE SET stamp = gen_random_uuid();
    PERFORM set_config('app.catalogue_stamped', tenant::text, true);
    PERFORM pg_notify('cuedesk_catalogue', tenant::text);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER hosts_stamped BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON hosts
  FOR EACH STATEMENT EXECUTE FUNCTION stamp_catalogue();
CREATE TRIGGER products_stamped BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON products
  FOR EACH STATEMENT EXECUTE FUNCTION stamp_catalogue();
