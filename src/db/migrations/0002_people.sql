-- People, who log in, own builds, and look at releases: how they are told apart, what they are told, and the order in which
-- they see runs.

-- id: "oidc:<subject>", or "anonymous_superuser" where nobody is asked who he is. email is in lower case.
CREATE TABLE IF NOT EXISTS users (
    id VARCHAR(255) NOT NULL PRIMARY KEY,
    email VARCHAR(254) NOT NULL,
    name VARCHAR(255),
    is_superuser SMALLINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL,
    seen BIGINT NOT NULL
) {options};

CREATE INDEX IF NOT EXISTS users_by_email ON users (email);

CREATE TABLE IF NOT EXISTS build_owners (
    build_id BIGINT NOT NULL,
    user_id VARCHAR(255) NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (build_id, user_id),
    FOREIGN KEY (build_id) REFERENCES builds (id),
    FOREIGN KEY (user_id) REFERENCES users (id)
) {options};

CREATE INDEX IF NOT EXISTS build_owners_builds ON build_owners (user_id, build_id);

-- Who may become an owner, with the link that he got by mail. The row goes when he has.
CREATE TABLE IF NOT EXISTS invitations (
    token_sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
    build_id BIGINT NOT NULL,
    email VARCHAR(254) NOT NULL,
    invited_by VARCHAR(255),
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    UNIQUE (build_id, email),
    FOREIGN KEY (build_id) REFERENCES builds (id)
) {options};

-- Who is logged in: of the token in his cookie the SHA-256 is kept.
CREATE TABLE IF NOT EXISTS sessions (
    token_sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
    user_id VARCHAR(255) NOT NULL,
    address VARCHAR(64),
    created BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (id)
) {options};

CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (user_id);
CREATE INDEX IF NOT EXISTS sessions_by_age ON sessions (seen);

-- Who has gone to log in elsewhere, and is to come back with this state.
CREATE TABLE IF NOT EXISTS logins (
    state_sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
    nonce VARCHAR(64) NOT NULL,
    verifier VARCHAR(128) NOT NULL,
    next_path VARCHAR(2048) NOT NULL,
    created BIGINT NOT NULL
) {options};

CREATE INDEX IF NOT EXISTS logins_by_age ON logins (created);

-- Where a build tells of its releases. A commit's status is told only to addresses that begin with status_prefix, as the
-- token goes there, too.
ALTER TABLE builds ADD COLUMN {if_new} webhook_url VARCHAR(2048);
ALTER TABLE builds ADD COLUMN {if_new} webhook_secret VARCHAR(255);
ALTER TABLE builds ADD COLUMN {if_new} status_prefix VARCHAR(2048);
ALTER TABLE builds ADD COLUMN {if_new} status_token VARCHAR(500);
ALTER TABLE releases ADD COLUMN {if_new} status_url VARCHAR(2048);

-- The order in which runs are looked at, and what a list says of them: follows from their status and findings. likeness is
-- the same for runs with the same change.
ALTER TABLE runs ADD COLUMN {if_new} thumbnail VARCHAR(40);
ALTER TABLE runs ADD COLUMN {if_new} summary VARCHAR(500);
ALTER TABLE runs ADD COLUMN {if_new} changed_pixels BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN {if_new} sort_rank SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN {if_new} sort_weight BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN {if_new} likeness VARCHAR(32) NOT NULL DEFAULT '';
UPDATE runs SET
    sort_rank = CASE status WHEN 'failed' THEN 0 WHEN 'diff_found' THEN 1 WHEN 'diff_approved' THEN 1
                            WHEN 'no_diff_needed' THEN 3 WHEN 'diff_not_found' THEN 4 ELSE 2 END,
    likeness = CASE WHEN status IN ('diff_found', 'diff_approved') THEN {id_as_name} ELSE '' END;
ALTER TABLE comparisons ADD COLUMN {if_new} thumbnail VARCHAR(40);

-- Approving thousands of runs changes each of them in the second index only, which therefore has no more than it must; it does
-- what runs_by_status did, too.
CREATE INDEX IF NOT EXISTS runs_in_order ON runs (release_id, sort_rank, sort_weight, likeness, name);
CREATE INDEX IF NOT EXISTS runs_open ON runs (release_id, status, sort_weight, likeness);
DROP INDEX IF EXISTS runs_by_status {of_runs};

-- What was decided in one go, by the key that came with it: so that it is done once, and can be undone.
CREATE TABLE IF NOT EXISTS batches (
    batch VARCHAR(64) NOT NULL PRIMARY KEY,
    build_id BIGINT NOT NULL,
    release_id BIGINT NOT NULL,
    actor VARCHAR(255) NOT NULL,
    n_runs INTEGER NOT NULL,
    created BIGINT NOT NULL,
    undone BIGINT,
    FOREIGN KEY (build_id) REFERENCES builds (id)
) {options};

ALTER TABLE decisions ADD COLUMN {if_new} batch VARCHAR(64);

CREATE INDEX IF NOT EXISTS decisions_of_batch ON decisions (batch);
