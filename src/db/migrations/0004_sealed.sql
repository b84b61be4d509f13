-- Configs are kept encrypted, as they have passwords in them: then sha256 and size are of what is kept, and content_sha256 is the
-- SHA-256 of the file itself. NULL: it is kept as it is.
ALTER TABLE artifacts ADD COLUMN {if_new} content_sha256 VARCHAR(64);

-- The name of the key with which that is done. One row, whose id is 1.
CREATE TABLE IF NOT EXISTS secret_keys (
    id SMALLINT NOT NULL PRIMARY KEY,
    name VARCHAR(64) NOT NULL
) {options};
