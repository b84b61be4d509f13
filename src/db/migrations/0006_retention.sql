-- How many releases a build keeps beside those that are kept anyway (store/retention.h); NULL: all.
ALTER TABLE builds ADD COLUMN {if_new} keep_releases INTEGER;

-- Up to which number releases of a name were removed: a new one gets a higher one, so that no old link leads to it.
CREATE TABLE IF NOT EXISTS removed_releases (
    build_id BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    number INTEGER NOT NULL,
    removed BIGINT NOT NULL,
    PRIMARY KEY (build_id, name),
    FOREIGN KEY (build_id) REFERENCES builds (id)
) {options};

-- Bytes that no row of artifacts names: since when that is known, when somebody began to remove them, and when they were gone.
-- See store/garbage.h.
CREATE TABLE IF NOT EXISTS garbage (
    sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    noticed BIGINT NOT NULL,
    claimed BIGINT,
    removed BIGINT
) {options};

CREATE INDEX IF NOT EXISTS batches_of_release ON batches (release_id);
CREATE INDEX IF NOT EXISTS garbage_waiting ON garbage (removed, noticed);
