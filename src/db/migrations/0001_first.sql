-- Builds, their releases, the runs of these, what runs are made of, and the work that is to be done for them.
-- Times are milliseconds since 1970 in UTC. Hashes are lower-case hexadecimal. {id}, {text} and {options} are what each
-- database has for that: see db/migrate.c.

CREATE TABLE IF NOT EXISTS builds (
    id {id},
    name VARCHAR(255) NOT NULL,
    is_public SMALLINT NOT NULL DEFAULT 0,
    send_email SMALLINT NOT NULL DEFAULT 1,
    email_alias VARCHAR(254),
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL
) {options};

-- Of a secret its SHA-256 is kept, and its first characters, by which a person knows it. A key without a build is a
-- superuser's.
CREATE TABLE IF NOT EXISTS api_keys (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    secret_sha256 VARCHAR(64) NOT NULL,
    secret_prefix VARCHAR(8) NOT NULL,
    build_id BIGINT,
    is_superuser SMALLINT NOT NULL DEFAULT 0,
    purpose VARCHAR(255) NOT NULL,
    created BIGINT NOT NULL,
    revoked BIGINT,
    FOREIGN KEY (build_id) REFERENCES builds (id)
) {options};

CREATE INDEX IF NOT EXISTS api_keys_of_build ON api_keys (build_id, created);

-- status: receiving, processing, reviewing, good, bad. decided: when it became good or bad. The counts are of its runs, by
-- status, and change in the transaction in which a run does.
CREATE TABLE IF NOT EXISTS releases (
    id {id},
    build_id BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    number INTEGER NOT NULL,
    status VARCHAR(16) NOT NULL,
    url VARCHAR(2048),
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    decided BIGINT,
    deadline BIGINT,
    n_pending INTEGER NOT NULL DEFAULT 0,
    n_failed INTEGER NOT NULL DEFAULT 0,
    n_found INTEGER NOT NULL DEFAULT 0,
    n_approved INTEGER NOT NULL DEFAULT 0,
    n_same INTEGER NOT NULL DEFAULT 0,
    n_new INTEGER NOT NULL DEFAULT 0,
    UNIQUE (build_id, name, number),
    FOREIGN KEY (build_id) REFERENCES builds (id)
) {options};

CREATE INDEX IF NOT EXISTS releases_newest ON releases (build_id, id);
CREATE INDEX IF NOT EXISTS releases_decided ON releases (build_id, status, decided);
CREATE INDEX IF NOT EXISTS releases_overdue ON releases (status, deadline);

-- Bytes, which are in the blob store under their SHA-256. The API speaks of them by their SHA-1.
CREATE TABLE IF NOT EXISTS artifacts (
    sha1 VARCHAR(40) NOT NULL PRIMARY KEY,
    sha256 VARCHAR(64) NOT NULL UNIQUE,
    size BIGINT NOT NULL,
    created BIGINT NOT NULL
) {options};

-- Which build has which of them, and as what.
CREATE TABLE IF NOT EXISTS build_artifacts (
    build_id BIGINT NOT NULL,
    sha1 VARCHAR(40) NOT NULL,
    content_type VARCHAR(100),
    created BIGINT NOT NULL,
    PRIMARY KEY (build_id, sha1),
    FOREIGN KEY (build_id) REFERENCES builds (id),
    FOREIGN KEY (sha1) REFERENCES artifacts (sha1)
) {options};

CREATE INDEX IF NOT EXISTS build_artifacts_owners ON build_artifacts (sha1);

-- status: data_pending, needs_diff, diff_not_found, diff_found, diff_approved, no_diff_needed, failed. findings: what
-- changed, as JSON.
CREATE TABLE IF NOT EXISTS runs (
    id {id},
    release_id BIGINT NOT NULL,
    build_id BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    status VARCHAR(16) NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    url VARCHAR(2048),
    image VARCHAR(40),
    log VARCHAR(40),
    config VARCHAR(40),
    ref_url VARCHAR(2048),
    ref_image VARCHAR(40),
    ref_log VARCHAR(40),
    ref_config VARCHAR(40),
    diff_image VARCHAR(40),
    diff_log VARCHAR(40),
    distortion DOUBLE PRECISION,
    findings {text},
    run_failed SMALLINT NOT NULL DEFAULT 0,
    diff_failed SMALLINT NOT NULL DEFAULT 0,
    UNIQUE (release_id, name),
    FOREIGN KEY (release_id) REFERENCES releases (id)
) {options};

CREATE INDEX IF NOT EXISTS runs_of_page ON runs (build_id, name, id);
CREATE INDEX IF NOT EXISTS runs_by_status ON runs (release_id, status);

-- Pairs of pictures that were compared, so that none is compared twice.
CREATE TABLE IF NOT EXISTS comparisons (
    build_id BIGINT NOT NULL,
    ref_image VARCHAR(40) NOT NULL,
    image VARCHAR(40) NOT NULL,
    diff_image VARCHAR(40),
    diff_log VARCHAR(40),
    distortion DOUBLE PRECISION,
    findings {text},
    created BIGINT NOT NULL,
    PRIMARY KEY (build_id, ref_image, image),
    FOREIGN KEY (build_id) REFERENCES builds (id)
) {options};

-- What a person said of a page that looks like image where it looked like ref_image: it holds when the same pair comes again.
CREATE TABLE IF NOT EXISTS decisions (
    build_id BIGINT NOT NULL,
    run_name VARCHAR(255) NOT NULL,
    ref_image VARCHAR(40) NOT NULL,
    image VARCHAR(40) NOT NULL,
    actor VARCHAR(255) NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (build_id, run_name, ref_image, image),
    FOREIGN KEY (build_id) REFERENCES builds (id)
) {options};

-- The queue: see queue/queue.h. status: live, done, error, canceled. lease is the token of whoever works on it, until eta.
CREATE TABLE IF NOT EXISTS tasks (
    id {id},
    queue VARCHAR(100) NOT NULL,
    name VARCHAR(255) NOT NULL,
    status VARCHAR(8) NOT NULL,
    eta BIGINT NOT NULL,
    build_id BIGINT,
    release_id BIGINT,
    run_id BIGINT,
    source VARCHAR(500),
    payload {text} NOT NULL,
    content_type VARCHAR(100) NOT NULL,
    created BIGINT NOT NULL,
    finished BIGINT,
    lease VARCHAR(32),
    lease_ms BIGINT NOT NULL DEFAULT 0,
    leased BIGINT,
    owner VARCHAR(500),
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    message {text},
    message_index INTEGER NOT NULL DEFAULT 0,
    UNIQUE (queue, name)
) {options};

CREATE INDEX IF NOT EXISTS tasks_waiting ON tasks (queue, status, eta, id);
CREATE INDEX IF NOT EXISTS tasks_of_release ON tasks (release_id, status);
CREATE INDEX IF NOT EXISTS tasks_of_run ON tasks (run_id, status);

-- What people and programs did.
CREATE TABLE IF NOT EXISTS audit (
    id {id},
    build_id BIGINT NOT NULL,
    release_id BIGINT,
    run_id BIGINT,
    kind VARCHAR(32) NOT NULL,
    actor VARCHAR(255),
    address VARCHAR(64),
    message VARCHAR(2048),
    created BIGINT NOT NULL,
    FOREIGN KEY (build_id) REFERENCES builds (id)
) {options};

CREATE INDEX IF NOT EXISTS audit_newest ON audit (build_id, id);
