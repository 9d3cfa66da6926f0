-- What a tenant may use of language models; NULL: the server's setting.
ALTER TABLE tenants
  ADD COLUMN model_tokens_per_minute int CHECK (model_tokens_per_minute > 0),
  ADD COLUMN model_calls_per_second int CHECK (model_calls_per_second > 0),
  ADD COLUMN model_cost_soft numeric(12, 2) CHECK (model_cost_soft >= 0),  -- a month (UTC), in the currency of the prices
  ADD COLUMN model_cost_hard numeric(12, 2) CHECK (model_cost_hard >= 0);

-- What was spent in a month: one row for each currency, counted up with the row of each call.
CREATE TABLE model_spending (
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  month date NOT NULL,
  currency text NOT NULL,
  cost numeric(18, 9) NOT NULL DEFAULT 0,
  calls bigint NOT NULL DEFAULT 0,
  input_tokens bigint NOT NULL DEFAULT 0,
  output_tokens bigint NOT NULL DEFAULT 0,
  soft_told_at timestamptz,                -- when somebody was told that the soft limit is reached
  PRIMARY KEY (tenant_id, month, currency)
);
-- What calls under way may cost at most. A call that is written down gives its reservation back; one whose process died
-- holds it until it expires.
CREATE TABLE model_reservations (
  id uuid PRIMARY KEY,                     -- the call's
  tenant_id uuid NOT NULL DEFAULT current_tenant() REFERENCES tenants ON DELETE CASCADE,
  currency text NOT NULL,
  cost numeric(18, 9) NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX model_reservations_of_tenant ON model_reservations (tenant_id, currency);
ALTER TABLE model_spending ENABLE ROW LEVEL SECURITY;
ALTER TABLE model_reservations ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON model_spending USING (tenant_id = (SELECT current_tenant()))
  WITH CHECK (tenant_id = (SELECT current_tenant()));
CREATE POLICY of_tenant ON model_reservations USING (tenant_id = (SELECT current_tenant()))
  WITH CHECK (tenant_id = (SELECT current_tenant()));
GRANT SELECT, INSERT, UPDATE ON model_spending TO cuedesk_app;
GRANT SELECT, INSERT, DELETE ON model_reservations TO cuedesk_app;

CREATE FUNCTION model_month() RETURNS date LANGUAGE sql STABLE
  RETURN date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date;

-- Every row is counted once, whoever writes it and however often it is tried.
CREATE FUNCTION count_model_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO model_spending AS spent (tenant_id, month, currency, cost, calls, input_tokens, output_tokens)
  VALUES (NEW.tenant_id, date_trunc('month', NEW.ended_at AT TIME ZONE 'UTC')::date, NEW.currency, NEW.cost, 1,
    NEW.input_tokens, NEW.output_tokens)
  ON CONFLICT (tenant_id, month, currency) DO UPDATE SET
    cost = spent.cost + excluded.cost, calls = spent.calls + 1,
    input_tokens = spent.input_tokens + excluded.input_tokens,
    output_tokens = spent.output_tokens + excluded.output_tokens;
  DELETE FROM model_reservations WHERE id = NEW.id;
  RETURN NULL;
END $$;
INSERT INTO model_spending (tenant_id, month, currency, cost, calls, input_tokens, output_tokens)
  SELECT tenant_id, date_trunc('month', ended_at AT TIME ZONE 'UTC')::date, currency, sum(cost), count(*),
    sum(input_tokens), sum(output_tokens)
  FROM llm_calls GROUP BY 1, 2, 3;
CREATE TRIGGER counted AFTER INSERT ON llm_calls FOR EACH ROW EXECUTE FUNCTION count_model_call();

-- Reserve for one call. The lock of the month's row lets nobody reserve between the sum and the insert.
CREATE FUNCTION reserve_model_cost(call uuid, wanted numeric, of_currency text, soft numeric, hard numeric,
  lasts interval, OUT spent numeric, OUT reserved numeric, OUT granted boolean, OUT soft_reached boolean)
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO model_spending (month, currency) VALUES (model_month(), of_currency) ON CONFLICT DO NOTHING;
  SELECT cost INTO spent FROM model_spending
    WHERE tenant_id = current_tenant() AND month = model_month() AND currency = of_currency FOR UPDATE;
  DELETE FROM model_reservations WHERE tenant_id = current_tenant() AND expires_at <= clock_timestamp();
  SELECT coalesce(sum(cost), 0) INTO reserved FROM model_reservations
    WHERE tenant_id = current_tenant() AND currency = of_currency;
  granted := hard IS NULL OR spent + reserved + wanted <= hard;
  IF granted THEN
    INSERT INTO model_reservations (id, currency, cost, expires_at)
      VALUES (call, of_currency, wanted, clock_timestamp() + lasts) ON CONFLICT (id) DO NOTHING;
  END IF;
  -- Once a month.
  UPDATE model_spending SET soft_told_at = clock_timestamp()
    WHERE tenant_id = current_tenant() AND month = model_month() AND currency = of_currency
      AND soft_told_at IS NULL AND cost >= soft;
  soft_reached := FOUND;
END $$;
GRANT EXECUTE ON FUNCTION reserve_model_cost TO cuedesk_app;
