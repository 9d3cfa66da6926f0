-- The history of decisions: what was answered or is over, by when, the last one first.
CREATE INDEX interrupts_decided ON interrupts (tenant_id, decided_at DESC, id DESC)
  WHERE status <> 'pending' AND on_air_at IS NULL;
