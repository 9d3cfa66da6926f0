-- As exact as what calls cost: a limit of 0.0002 became 0.00, which lets nothing through.
ALTER TABLE tenants
  ALTER COLUMN model_cost_soft TYPE numeric(19, 9),
  ALTER COLUMN model_cost_hard TYPE numeric(19, 9);

-- What a call held back whose account never came: its process died with it. The provider was asked and wants its money,
-- so all of it counts, in the month in which it was noticed. Should the account come after all, it takes its place.
ALTER TABLE model_spending ADD COLUMN presumed numeric(18, 9) NOT NULL DEFAULT 0;  -- part of `cost`
ALTER TABLE model_reservations ADD COLUMN charged_to date;                          -- the month; NULL: not yet
CREATE INDEX model_reservations_in_time ON model_reservations (expires_at) WHERE charged_to IS NULL;
GRANT UPDATE ON model_reservations TO cuedesk_app;

-- Charge what is overdue of one tenant in one currency. Everybody locks the month's row before reservations.
CREATE FUNCTION charge_overdue_model_costs(p_tenant uuid, p_currency text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE owed numeric;
BEGIN
  INSERT INTO model_spending (tenant_id, month, currency) VALUES (p_tenant, model_month(), p_currency)
    ON CONFLICT DO NOTHING;
  PERFORM FROM model_spending
    WHERE tenant_id = p_tenant AND month = model_month() AND currency = p_currency FOR UPDATE;
  WITH overdue AS (
    UPDATE model_reservations SET charged_to = model_month()
      WHERE tenant_id = p_tenant AND currency = p_currency AND charged_to IS NULL AND expires_at <= clock_timestamp()
      RETURNING cost)
  SELECT sum(cost) INTO owed FROM overdue;
  UPDATE model_spending SET cost = cost + owed, presumed = presumed + owed
    WHERE owed IS NOT NULL AND tenant_id = p_tenant AND month = model_month() AND currency = p_currency;
END $$;
REVOKE EXECUTE ON FUNCTION charge_overdue_model_costs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION charge_overdue_model_costs TO cuedesk_app;

-- As in 0018, but what is overdue is charged and not forgotten.
CREATE OR REPLACE FUNCTION reserve_model_cost(call uuid, wanted numeric, of_currency text, soft numeric, hard numeric,
  lasts interval, OUT spent numeric, OUT reserved numeric, OUT granted boolean, OUT soft_reached boolean)
LANGUAGE plpgsql AS $$
BEGIN
  -- Which locks the month's row too: nobody reserves between the sum and the insert.
  PERFORM charge_overdue_model_costs(current_tenant(), of_currency);
  SELECT cost INTO spent FROM model_spending
    WHERE tenant_id = current_tenant() AND month = model_month() AND currency = of_currency;
  SELECT coalesce(sum(cost), 0) INTO reserved FROM model_reservations
    WHERE tenant_id = current_tenant() AND currency = of_currency AND charged_to IS NULL;
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

-- As in 0020, and an account that came late takes the place of what was presumed.
CREATE OR REPLACE FUNCTION count_model_call() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE held model_reservations;
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
  DELETE FROM model_reservations WHERE id = NEW.id RETURNING * INTO held;
  IF held.charged_to IS NOT NULL THEN
    UPDATE model_spending SET cost = cost - held.cost, presumed = presumed - held.cost
      WHERE tenant_id = held.tenant_id AND month = held.charged_to AND currency = held.currency;
  END IF;
  RETURN NULL;
END $$;

-- Reservations of tenants that did not ask again are charged here; who was charged long ago gets no account any more.
CREATE OR REPLACE FUNCTION system_sweep_model_reservations(p_keep interval, p_limit int) RETURNS int
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE one record; swept int;
BEGIN
  FOR one IN SELECT DISTINCT tenant_id, currency FROM model_reservations
      WHERE charged_to IS NULL AND expires_at < clock_timestamp() ORDER BY 1, 2 LIMIT p_limit LOOP
    PERFORM charge_overdue_model_costs(one.tenant_id, one.currency);
  END LOOP;
  WITH gone AS (
    DELETE FROM model_reservations WHERE id = ANY (ARRAY(
      SELECT id FROM model_reservations WHERE charged_to IS NOT NULL AND expires_at < now() - p_keep
      LIMIT p_limit FOR UPDATE SKIP LOCKED))
    RETURNING 1)
  SELECT count(*) INTO swept FROM gone;
  RETURN swept;
END $$;
