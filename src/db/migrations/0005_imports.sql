-- What came from the database of a Python server, so that it comes once, however often it is imported: see import/import.h.
-- kind: user, build, owner, invitation, key, file, release, audit. build_id: of the new build that it belongs to, or 0. old_id: by
-- which the old database knows it; a number is followed by @ and when it was made, as two old databases count from 1 both. new_id:
-- under which it is here; 0 if its name is the same. state: the SHA-1 of all that the old one said of it, and modified: when it
-- was changed last, as it was brought here; so what was changed since is seen on either side.
-- Nothing refers to it: what was removed here stays removed.
CREATE TABLE IF NOT EXISTS imports (
    kind VARCHAR(16) NOT NULL,
    build_id BIGINT NOT NULL,
    old_id VARCHAR(255) NOT NULL,
    new_id BIGINT NOT NULL,
    state VARCHAR(40),
    modified BIGINT,
    PRIMARY KEY (kind, build_id, old_id)
) {options};
