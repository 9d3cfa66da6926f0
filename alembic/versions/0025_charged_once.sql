-- When a reservation was charged. It is kept so long from then on, and not from its expiry: after an outage of more than
-- a day it was charged and forgotten in one go, and its account, which came a moment later, was counted beside it.
ALTER TABLE model_reservations ADD COLUMN charged_at timestamptz;
UPDATE model_reservations SET charged_at = clock_timestamp() WHERE charged_to IS NOT NULL;

-- As in 0024, and: the month is told, so that midnight cannot come between two statements; what has its account already
-- is not charged.
DROP FUNCTION charge_overdue_model_costs(uuid, text);
CREATE FUNCTION charge_overdue_model_costs(p_tenant uuid, p_currency text, this date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  owed numeric;
BEGIN
  INSERT INTO model_spending (tenant_id, month, currency) VALUES (p_tenant, this, p_currency) ON CONFLICT DO NOTHING;
  PERFORM FROM model_spending WHERE tenant_id = p_tenant AND month = this AND currency = p_currency FOR UPDATE;
  DELETE FROM model_reservations held
    WHERE tenant_id = p_tenant AND currency = p_currency AND charged_to IS NULL AND expires_at <= clock_timestamp()
      AND EXISTS (SELECT FROM llm_calls known WHERE known.id = held.id);
  WITH overdue AS (
    UPDATE model_reservations SET charged_to = this, charged_at = clock_timestamp()
      WHERE tenant_id = p_tenant AND currency = p_currency AND charged_to IS NULL AND expires_at <= clock_timestamp()
      RETURNING cost)
  SELECT sum(cost) INTO owed FROM overdue;
  UPDATE model_spending SET cost = cost + owed, presumed = presumed + owed
    WHERE owed IS NOT NULL AND tenant_id = p_tenant AND month = this AND currency = p_currency;
END $$;
REVOKE EXECUTE ON FUNCTION charge_overdue_model_costs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION charge_overdue_model_costs TO cuedesk_app;

-- As in 0024, and: the month is told once; who comes after the account of its call, because its caller left meanwhile,
-- holds nothing back.
CREATE OR REPLACE FUNCTION reserve_model_cost(call uuid, wanted numeric, of_currency text, soft numeric, hard numeric,
  lasts interval, OUT spent numeric, OUT reserved numeric, OUT granted boolean, OUT soft_reached boolean)
LANGUAGE plpgsql AS $$
DECLARE
  this date := model_month();
BEGIN
  -- Which locks the month's row too: nobody reserves between the sum and the insert.
  PERFORM charge_overdue_model_costs(current_tenant(), of_currency, this);
  SELECT cost INTO spent FROM model_spending
    WHERE tenant_id = current_tenant() AND month = this AND currency = of_currency;
  SELECT coalesce(sum(cost), 0) INTO reserved FROM model_reservations
    WHERE tenant_id = current_tenant() AND currency = of_currency AND charged_to IS NULL;
  granted := hard IS NULL OR spent + reserved + wanted <= hard;
  IF granted THEN
    INSERT INTO model_reservations (id, currency, cost, expires_at)
      SELECT call, of_currency, wanted, clock_timestamp() + lasts
      WHERE NOT EXISTS (SELECT FROM llm_calls known WHERE known.id = call) ON CONFLICT (id) DO NOTHING;
  END IF;
  -- Once a month.
  UPDATE model_spending SET soft_told_at = clock_timestamp()
    WHERE tenant_id = current_tenant() AND month = this AND currency = of_currency
      AND soft_told_at IS NULL AND cost >= soft;
  soft_reached := FOUND;
END $$;

-- As in 0024, but a charged reservation is forgotten when nobody can bring its account any more: p_keep after the charge.
CREATE OR REPLACE FUNCTION system_sweep_model_reservations(p_keep interval, p_limit int) RETURNS int
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE one record; swept int;
BEGIN
  FOR one IN SELECT DISTINCT tenant_id, currency FROM model_reservations
      WHERE charged_to IS NULL AND expires_at < clock_timestamp() ORDER BY 1, 2 LIMIT p_limit LOOP
    PERFORM charge_overdue_model_costs(one.tenant_id, one.currency, model_month());
  END LOOP;
  WITH gone AS (
    DELETE FROM model_reservations WHERE id = ANY (ARRAY(
      SELECT id FROM model_reservations WHERE charged_at < now() - p_keep LIMIT p_limit FOR UPDATE SKIP LOCKED))
    RETURNING 1)
  SELECT count(*) INTO swept FROM gone;
  RETURN swept;
END $$;
