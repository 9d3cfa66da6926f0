-- `rundown_revision` counts every change of the room's rundown. `by_hand`: what is approved waits in the rundown until
-- somebody puts it on air. `undo_window`: how long an approved script is held before; NULL: as the team wants it.
ALTER TABLE rooms
  ADD COLUMN rundown_revision int NOT NULL DEFAULT 0,
  ADD COLUMN by_hand boolean NOT NULL DEFAULT false,
  ADD COLUMN undo_window interval CHECK (undo_window BETWEEN interval '0' AND interval '10 minutes');

-- Without `show_item_id`: approved in a conversation for this room, or put there by a person. `rank` is the place that a
-- person gave it; NULL: where its show has it. `aired_at` is when this version was last put on air.
ALTER TABLE rundown_items
  ALTER COLUMN show_item_id DROP NOT NULL,
  ADD COLUMN rank int,
  ADD COLUMN aired_at timestamptz;
CREATE UNIQUE INDEX rundown_items_of_no_show ON rundown_items (room_id, script_id) WHERE show_item_id IS NULL;

-- Whatever changes a rundown (a show that is removed, too): its followers are told.
CREATE FUNCTION rundown_changed() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  UPDATE rooms SET rundown_revision = rundown_revision + 1 WHERE id IN (SELECT room_id FROM changed);
  PERFORM pg_notify('cuedesk_rooms', room_id::text) FROM (SELECT DISTINCT room_id FROM changed) AS rooms_changed;
  RETURN NULL;
END $$;
CREATE TRIGGER rundown_items_added AFTER INSERT ON rundown_items REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION rundown_changed();
CREATE TRIGGER rundown_items_changed AFTER UPDATE ON rundown_items REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION rundown_changed();
CREATE TRIGGER rundown_items_removed AFTER DELETE ON rundown_items REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION rundown_changed();

-- As in 0021, with the rundown: a lost notice of its change is covered, too.
DROP FUNCTION system_room_marks(uuid[]);
CREATE FUNCTION system_room_marks(p_rooms uuid[])
  RETURNS TABLE (room_id uuid, version int, acked_at timestamptz, revision int, rundown_revision int)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT r.id, s.version, s.acked_at, t.revision, r.rundown_revision
  FROM rooms r LEFT JOIN prompter_state s ON s.room_id = r.id LEFT JOIN prompter_stages t ON t.room_id = r.id
  WHERE r.id = ANY (p_rooms) $$;
REVOKE EXECUTE ON FUNCTION system_room_marks(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION system_room_marks(uuid[]) TO cuedesk_app;
