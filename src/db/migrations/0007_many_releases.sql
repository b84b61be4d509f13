-- What a build with thousands of releases is asked for each run, and for each that is taken back: without these, all runs that a page
-- ever had would be read.

-- Its good releases, the one that was decided last first: see run_find_baseline().
CREATE INDEX IF NOT EXISTS releases_last_decided ON releases (build_id, status, decided, id);
DROP INDEX IF EXISTS releases_decided {of_releases};

-- Where a picture of a page is approved: see decision_undo(). Of other runs nothing is in it, where the database can do so. What it was
-- compared with is not either: it would cost each approval more than it saves.
CREATE INDEX IF NOT EXISTS runs_approved ON runs (build_id, name, image) {where_approved};
