-- Becoming known in this shop, days counted without anybody in them, and displays beside the tablets.

CREATE TABLE joined (                -- customers made here, until the hub sends them back; a lost replica is filled from it
    customer_id BLOB PRIMARY KEY,
    wrapped     BLOB NOT NULL,       -- the customer's key, wrapped for transport as the feed does it
    traits      BLOB NOT NULL        -- JSON, every value sealed with that key
) WITHOUT ROWID;

CREATE TABLE day_count (             -- how often something happened in a day, about nobody
    day   TEXT NOT NULL,             -- the shop's own day, 2026-11-22
    name  TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, name)
) WITHOUT ROWID;

-- A display at the counter is paired like a tablet and may see nothing but its own two lines.
ALTER TABLE tablet ADD COLUMN kind TEXT NOT NULL DEFAULT 'tablet' CHECK (kind IN ('tablet', 'display'));
ALTER TABLE pairing ADD COLUMN kind TEXT NOT NULL DEFAULT 'tablet' CHECK (kind IN ('tablet', 'display'));
