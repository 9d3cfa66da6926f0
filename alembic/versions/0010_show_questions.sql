-- Thirty scripts come at once and are read one after the other: their questions wait longer than one that stands alone.
ALTER TABLE tenants ADD COLUMN show_interrupt_ttl interval
  CHECK (show_interrupt_ttl BETWEEN interval '1 second' AND interval '7 days');  -- NULL: the setting
