-- Snapshots and compaction: the partitions keep what came last of each row, and what takes something away for as long
-- as a shop needs to hear of it.

-- All rows of one type of a partition, in the order of their ids.
CREATE INDEX feed_row ON feed (part, t, id);

-- How many numbers directly before a row are no longer there: a shop counts with it, so that a lost row is a gap.
ALTER TABLE feed ADD COLUMN skips INTEGER NOT NULL DEFAULT 0;

-- Up to where a partition was looked through for rows that were overtaken, and the highest seq of what is gone
-- though it took something away: who is below it has to fetch all anew.
ALTER TABLE head ADD COLUMN compacted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE head ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;

CREATE TABLE ack (                   -- how far each device has applied a partition
    device_id TEXT NOT NULL,
    part      TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    PRIMARY KEY (device_id, part)
) WITHOUT ROWID;

-- A person said that this box never comes back: nothing waits for it.
ALTER TABLE device ADD COLUMN retired_ms INTEGER;
