-- When a code was used, for whoever stands before a box that it did not let in.
ALTER TABLE enrolment ADD COLUMN used_ms INTEGER;

-- How many customers each program forgot lately: one hand alone does not empty the house.
CREATE TABLE erasing (
    token_id TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    id       BLOB NOT NULL,           -- of this row; of the customer nothing is kept
    PRIMARY KEY (token_id, at_ms, id)
) WITHOUT ROWID;

-- What a second hand allowed beyond that, and until when.
CREATE TABLE erasing_allowed (
    token_id TEXT PRIMARY KEY,
    most     INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
) WITHOUT ROWID;
