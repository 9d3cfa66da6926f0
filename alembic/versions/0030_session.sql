-- What a room keeps from one text to the next while it is live. `chosen_pace`: the pace (字/分) that a person gave last;
-- NULL: each text begins at that of its host. Both end when nothing moves for hours (`backend/domain/stages.py`).
ALTER TABLE prompter_stages
  ADD COLUMN chosen_pace int,
  ADD COLUMN live_since_ms bigint;                 -- the first start, since 1970, by this database's clock

-- Approved for the air while another text waited already: it is the next to wait, in the order of the rundown.
ALTER TABLE rundown_items ADD COLUMN due boolean NOT NULL DEFAULT false;
