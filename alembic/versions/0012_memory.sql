-- A tenant and a term in one index: another tenant's texts are not even looked at.
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- The text of what is remembered. `dense`, `sparse`, `terms` and `embedder` are written by the release before only; from
-- now on they are empty and that release does not see the row.
ALTER TABLE memory_documents DROP CONSTRAINT memory_documents_kind_check;
ALTER TABLE memory_documents ADD CONSTRAINT memory_documents_kind_check CHECK (kind IN ('script', 'note', 'rejection'));
ALTER TABLE memory_documents ALTER COLUMN embedder SET DEFAULT '', ALTER COLUMN dense DROP NOT NULL,
  ALTER COLUMN sparse DROP NOT NULL, ALTER COLUMN terms DROP NOT NULL;
ALTER TABLE memory_documents
  ADD COLUMN approval real NOT NULL DEFAULT 1 CHECK (approval > 0 AND approval <= 1),  -- how far a person stood behind it
  ADD COLUMN created_by uuid REFERENCES users ON DELETE SET NULL;
CREATE INDEX memory_documents_of_product ON memory_documents (tenant_id, product_id) WHERE product_id IS NOT NULL;
CREATE INDEX memory_documents_of_host ON memory_documents (tenant_id, host_id) WHERE host_id IS NOT NULL;
CREATE INDEX memory_documents_in_time ON memory_documents (tenant_id, kind, created_at);

-- By which embedder a tenant's memory is read. A tenant without a row here has an empty memory: the newest one serves.
CREATE TABLE embedders (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  name text NOT NULL,
  state text NOT NULL DEFAULT 'building' CHECK (state IN ('building', 'complete')),
  serving boolean NOT NULL DEFAULT false,
  claimed_until timestamptz NOT NULL DEFAULT '-infinity',   -- so long one worker builds and the others leave it alone
  started_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  PRIMARY KEY (tenant_id, name)
);
CREATE UNIQUE INDEX embedders_one_serves ON embedders (tenant_id) WHERE serving;

-- Narrow, because a search by meaning reads every row of the tenant: 20,000 are 17 MB here and 67 MB beside their texts.
CREATE TABLE memory_vectors (
  document_id uuid NOT NULL REFERENCES memory_documents ON DELETE CASCADE,
  embedder text NOT NULL,
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  dense halfvec NOT NULL,                          -- of any length: another embedder may have another
  PRIMARY KEY (document_id, embedder)
);
ALTER TABLE memory_vectors ALTER COLUMN dense SET STORAGE PLAIN;
CREATE INDEX memory_vectors_of_tenant ON memory_vectors (tenant_id, embedder);

CREATE TABLE memory_words (
  document_id uuid NOT NULL REFERENCES memory_documents ON DELETE CASCADE,
  embedder text NOT NULL,                          -- an embedder brings its own way to take words
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  sparse sparsevec NOT NULL,                       -- BM25's weight of each term in this text
  terms int[] NOT NULL,                            -- the terms of `sparse`
  PRIMARY KEY (document_id, embedder)
);
-- Up to a page a row stays as it is: to unpack what is compressed costs more than to weigh it.
ALTER TABLE memory_words SET (toast_tuple_target = 8160);
ALTER TABLE memory_words ALTER COLUMN sparse SET STORAGE MAIN, ALTER COLUMN terms SET STORAGE MAIN;
-- Without its waiting list, which every search would have to read through.
CREATE INDEX memory_words_by_term ON memory_words USING gin (tenant_id, terms) WITH (fastupdate = off);

-- In how many texts of a tenant a term occurs; term 0 counts the texts.
CREATE TABLE memory_counts (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  embedder text NOT NULL,
  term int NOT NULL,
  documents int NOT NULL,
  PRIMARY KEY (tenant_id, embedder, term)
);

-- Whoever adds or removes texts, a host's removal and a sweep among them, cannot forget the counts. In the order of the
-- terms, so that two writers never wait for each other in a circle.
CREATE FUNCTION count_memory_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO memory_counts (tenant_id, embedder, term, documents)
    SELECT w.tenant_id, w.embedder, t, count(*) FROM changed w, unnest(w.terms || 0) t GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (tenant_id, embedder, term) DO UPDATE SET documents = memory_counts.documents + EXCLUDED.documents;
  ELSE
    WITH gone AS (
      SELECT w.tenant_id, w.embedder, t AS term, count(*) AS n FROM changed w, unnest(w.terms || 0) t GROUP BY 1, 2, 3),
    held AS (
      SELECT c.tenant_id, c.embedder, c.term, gone.n FROM memory_counts c JOIN gone USING (tenant_id, embedder, term)
      ORDER BY 1, 2, 3 FOR UPDATE OF c)
    UPDATE memory_counts c SET documents = c.documents - held.n FROM held
    WHERE c.tenant_id = held.tenant_id AND c.embedder = held.embedder AND c.term = held.term;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER memory_words_added AFTER INSERT ON memory_words REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_memory_words();
CREATE TRIGGER memory_words_removed AFTER DELETE ON memory_words REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_memory_words();

-- What a worker of the release before learns beside us is found by us too.
CREATE FUNCTION follow_memory_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO memory_vectors (document_id, embedder, tenant_id, dense)
  VALUES (NEW.id, NEW.embedder, NEW.tenant_id, NEW.dense);
  INSERT INTO memory_words (document_id, embedder, tenant_id, sparse, terms)
  VALUES (NEW.id, NEW.embedder, NEW.tenant_id, NEW.sparse, NEW.terms);
  INSERT INTO embedders (tenant_id, name, state, serving, completed_at)
  SELECT NEW.tenant_id, NEW.embedder, 'complete', true, now()
  WHERE NOT EXISTS (SELECT FROM embedders e WHERE e.tenant_id = NEW.tenant_id AND e.serving)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER memory_documents_followed AFTER INSERT ON memory_documents
  FOR EACH ROW WHEN (NEW.dense IS NOT NULL) EXECUTE FUNCTION follow_memory_document();

INSERT INTO embedders (tenant_id, name, state, serving, completed_at)
SELECT DISTINCT ON (tenant_id) tenant_id, embedder, 'complete', true, now() FROM memory_documents
GROUP BY tenant_id, embedder ORDER BY tenant_id, count(*) DESC;
INSERT INTO memory_vectors (document_id, embedder, tenant_id, dense)
SELECT id, embedder, tenant_id, dense FROM memory_documents;
INSERT INTO memory_words (document_id, embedder, tenant_id, sparse, terms)
SELECT id, embedder, tenant_id, sparse, terms FROM memory_documents;

-- How long a tenant keeps a kind, in days; NULL: for ever. Without a row the server's setting holds.
CREATE TABLE memory_lifetimes (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('script', 'note', 'rejection')),
  days int CHECK (days BETWEEN 1 AND 3650),
  PRIMARY KEY (tenant_id, kind)
);

-- What was asked to be forgotten, so that nothing under way brings it back. A name is kept as its SHA-256 with the
-- tenant's id and its length: enough to recognise it in a text, too little to read it here.
CREATE TABLE memory_forgotten (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  subject text NOT NULL CHECK (subject IN ('document', 'host', 'product', 'person')),
  subject_id uuid,                                 -- of a document: its source; NULL for a person
  name_hash bytea,
  name_length int,
  asked_by uuid REFERENCES users ON DELETE SET NULL,
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK ((subject = 'person') = (name_hash IS NOT NULL AND name_length IS NOT NULL AND subject_id IS NULL))
);
CREATE INDEX memory_forgotten_of_tenant ON memory_forgotten (tenant_id, subject, subject_id);

DO $$ DECLARE t text; BEGIN
  FOREACH t IN ARRAY ARRAY['embedders', 'memory_vectors', 'memory_words', 'memory_counts', 'memory_lifetimes',
                           'memory_forgotten'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY of_tenant ON %I USING (tenant_id = (SELECT current_tenant()))
                    WITH CHECK (tenant_id = (SELECT current_tenant()))', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO cuedesk_app', t);
  END LOOP;
END $$;

-- The texts that share words with a query, best first, by BM25 with the tenant's own counts. Only the rarer of its terms
-- fetch texts (all of them weigh): the rarest, and as many as together occur in `p_budget` texts. `coverage` is the share of what
-- the query's terms weigh, those that no text has among them, that the text has. Definer, because row-level
-- security lets no index answer `&&`; the tenant is named in every part.
CREATE FUNCTION memory_by_words(
  p_embedder text, p_terms int[], p_kinds text[], p_host uuid, p_product uuid, p_category text, p_scenario text,
  p_limit int, p_budget int) RETURNS TABLE (document_id uuid, score real, coverage real)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public SET enable_seqscan = off
  SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  tenant uuid := current_tenant();
  total int;
  near int;
  asked sparsevec;
  fetching int[];
  found int[];
  weights float8[];
  mass float8;
  filtered boolean := num_nonnulls(p_host, p_product, p_category, p_scenario) > 0;
BEGIN
  SELECT documents INTO total FROM memory_counts WHERE tenant_id = tenant AND embedder = p_embedder AND term = 0;
  WITH known AS (
    SELECT c.term, c.documents, ln(1 + (total - c.documents + 0.5) / (c.documents + 0.5)) AS weight,
           sum(c.documents) OVER (ORDER BY c.documents, c.term) - c.documents AS before
    FROM memory_counts c
    WHERE c.tenant_id = tenant AND c.embedder = p_embedder AND c.term = ANY (p_terms) AND c.documents BETWEEN 1 AND total)
  SELECT ('{' || string_agg(known.term || ':' || round(weight::numeric, 4), ',') || '}/1048576')::sparsevec,
         array_agg(known.term) FILTER (WHERE before = 0 OR before + known.documents <= p_budget), array_agg(known.term),
         array_agg(known.weight::float8),
         sum(known.weight) + (cardinality(p_terms) - count(*)) * ln(1 + (total + 0.5) / 0.5)
  INTO asked, fetching, found, weights, mass FROM known;
  IF asked IS NULL THEN RETURN; END IF;
  IF filtered THEN
    SELECT count(*) INTO near FROM (
      SELECT FROM memory_documents d
      WHERE d.tenant_id = tenant AND (p_host IS NULL OR d.host_id = p_host)
        AND (p_product IS NULL OR d.product_id = p_product) AND (p_category IS NULL OR d.category = p_category)
        AND (p_scenario IS NULL OR d.scenario = p_scenario) LIMIT p_budget + 1) AS counted;
  END IF;
  IF filtered AND near <= p_budget THEN
    RETURN QUERY SELECT best.id, (-best.distance)::real, (has.weight / mass)::real FROM (
      SELECT d.id, w.terms, w.sparse <#> asked AS distance
      FROM memory_documents d JOIN memory_words w ON w.document_id = d.id AND w.embedder = p_embedder
      WHERE d.tenant_id = tenant AND w.tenant_id = tenant AND d.kind = ANY (p_kinds)
        AND (p_host IS NULL OR d.host_id = p_host) AND (p_product IS NULL OR d.product_id = p_product)
        AND (p_category IS NULL OR d.category = p_category) AND (p_scenario IS NULL OR d.scenario = p_scenario)
      ORDER BY distance LIMIT p_limit) AS best,
      LATERAL (SELECT sum(q.weight) AS weight FROM unnest(found, weights) AS q (term, weight)
               WHERE q.term = ANY (best.terms)) AS has
      WHERE best.distance < 0 ORDER BY best.distance;
  ELSIF NOT filtered AND p_kinds @> ARRAY['script', 'note', 'rejection'] THEN
    RETURN QUERY SELECT best.id, (-best.distance)::real, (has.weight / mass)::real FROM (
      SELECT w.document_id AS id, w.terms, w.sparse <#> asked AS distance FROM memory_words w
      WHERE w.tenant_id = tenant AND w.embedder = p_embedder AND w.terms && fetching
      ORDER BY distance LIMIT p_limit) AS best,
      LATERAL (SELECT sum(q.weight) AS weight FROM unnest(found, weights) AS q (term, weight)
               WHERE q.term = ANY (best.terms)) AS has
      WHERE best.distance < 0 ORDER BY best.distance;
  ELSE
    RETURN QUERY SELECT best.id, (-best.distance)::real, (has.weight / mass)::real FROM (
      SELECT w.document_id AS id, w.terms, w.sparse <#> asked AS distance
      FROM memory_words w JOIN memory_documents d ON d.id = w.document_id
      WHERE w.tenant_id = tenant AND w.embedder = p_embedder AND w.terms && fetching AND d.kind = ANY (p_kinds)
        AND (p_host IS NULL OR d.host_id = p_host) AND (p_product IS NULL OR d.product_id = p_product)
        AND (p_category IS NULL OR d.category = p_category) AND (p_scenario IS NULL OR d.scenario = p_scenario)
      ORDER BY distance LIMIT p_limit) AS best,
      LATERAL (SELECT sum(q.weight) AS weight FROM unnest(found, weights) AS q (term, weight)
               WHERE q.term = ANY (best.terms)) AS has
      WHERE best.distance < 0 ORDER BY best.distance;
  END IF;
END $$;

-- Remove what has outlived its kind's lifetime; `p_days` are the server's own, {kind: days}.
CREATE FUNCTION system_sweep_memory(p_days jsonb, p_limit int) RETURNS bigint
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  WITH over AS (
    SELECT d.id FROM memory_documents d
    LEFT JOIN memory_lifetimes l ON l.tenant_id = d.tenant_id AND l.kind = d.kind
    WHERE d.created_at < now() - make_interval(days =>
      CASE WHEN l.kind IS NOT NULL THEN l.days ELSE (p_days ->> d.kind)::int END)
    LIMIT p_limit FOR UPDATE OF d SKIP LOCKED),
  gone AS (DELETE FROM memory_documents d USING over WHERE d.id = over.id RETURNING 1)
  SELECT count(*) FROM gone $$;

-- Tenants whose memory has to be brought to `p_newest`, or has texts that an embedder of theirs has not read yet.
CREATE FUNCTION system_memory_to_build(p_newest text, p_known text[]) RETURNS TABLE (tenant_id uuid, name text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT e.tenant_id, p_newest FROM embedders e
  WHERE e.serving AND NOT EXISTS (SELECT FROM embedders o WHERE o.tenant_id = e.tenant_id AND o.name = p_newest)
  UNION ALL
  SELECT e.tenant_id, e.name FROM embedders e
  WHERE e.name = ANY (p_known) AND e.claimed_until < now() AND (e.state = 'building'
    OR (SELECT coalesce(sum(c.documents), 0) FROM memory_counts c
        WHERE c.tenant_id = e.tenant_id AND c.embedder = e.name AND c.term = 0)
       <> (SELECT count(*) FROM memory_documents d WHERE d.tenant_id = e.tenant_id))
  LIMIT 100 $$;

DO $$ DECLARE f regprocedure; BEGIN
  FOREACH f IN ARRAY ARRAY[
    'memory_by_words(text, int[], text[], uuid, uuid, text, text, int, int)'::regprocedure,
    'system_sweep_memory(jsonb, int)', 'system_memory_to_build(text, text[])'] LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO cuedesk_app', f);
  END LOOP;
END $$;
