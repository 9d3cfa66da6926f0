-- The oldest revision whose code may run on this schema. Revisions that only add leave it alone; one that takes
-- something away sets it to the first revision whose code does without (docs/operations.md).
CREATE TABLE schema_compatibility (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  oldest_revision text NOT NULL
);
INSERT INTO schema_compatibility (oldest_revision) VALUES ('0001');
