-- The question whose time was over that a run takes up again (its text is submitted again, or written anew).
ALTER TABLE runs ADD COLUMN again_of text;
-- Each is taken up once. Of what failed, or was stopped, nobody was asked: the question may be taken up another time.
CREATE UNIQUE INDEX runs_once_again ON runs (again_of) WHERE again_of IS NOT NULL AND status NOT IN ('failed', 'cancelled');
