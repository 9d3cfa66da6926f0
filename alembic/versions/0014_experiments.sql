-- Two or more ways to write, tried beside each other. A unit (a thread, or a host) falls by its hash into one of a hundred
-- buckets; `buckets` says whose each is. It is kept, not computed from the weights, so that a change of weights moves as
-- few units as it can, and only from who loses weight to who gains it.
CREATE TABLE experiments (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  key text NOT NULL,
  question text NOT NULL DEFAULT '',              -- what is to be found out
  unit text NOT NULL CHECK (unit IN ('thread', 'host')),
  status text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'running', 'stopped', 'concluded')),
  buckets smallint[] NOT NULL CHECK (cardinality(buckets) = 100), -- the place of the variant that has each of them
  chosen text,                                    -- the variant a person decided for at the end
  version int NOT NULL DEFAULT 1,
  created_by uuid REFERENCES users,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  UNIQUE (tenant_id, key),
  UNIQUE (tenant_id, id)
);
-- Two at once would change the same text, and nobody could tell which of them it was.
CREATE UNIQUE INDEX experiments_one_running ON experiments (tenant_id) WHERE status = 'running';

CREATE TABLE experiment_variants (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  experiment_id uuid NOT NULL,
  key text NOT NULL,
  place smallint NOT NULL,                        -- the first one (0) is what the others are compared with
  changes jsonb NOT NULL,                         -- what it changes of the writing (backend/graph/variants.py)
  PRIMARY KEY (experiment_id, key),
  UNIQUE (experiment_id, place),
  UNIQUE (tenant_id, experiment_id, key),
  FOREIGN KEY (tenant_id, experiment_id) REFERENCES experiments (tenant_id, id) ON DELETE CASCADE
);

-- Which runs were written in which way, noted once, before the first word. What came of them is not noted anywhere: the
-- interrupts know.
CREATE TABLE experiment_exposures (
  run_id uuid PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  experiment_id uuid NOT NULL,
  variant text NOT NULL,
  unit_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (tenant_id, experiment_id, variant) REFERENCES experiment_variants (tenant_id, experiment_id, key)
);
CREATE INDEX experiment_exposures_of_experiment ON experiment_exposures (experiment_id, variant);

DO $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY ARRAY['experiments', 'experiment_variants', 'experiment_exposures'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY of_tenant ON %I USING (tenant_id = (SELECT current_tenant()))
      WITH CHECK (tenant_id = (SELECT current_tenant()))', name);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON experiments TO cuedesk_app;
GRANT SELECT, INSERT, DELETE ON experiment_variants TO cuedesk_app;  -- a draft's variants are replaced as a whole
GRANT SELECT, INSERT ON experiment_exposures TO cuedesk_app;
